namespace Jobs.Runtime.Tests.Isolation;

/// <summary>How the transactions of a test end: each with a commit or a rollback.</summary>
static class Endings
{
    static readonly bool[] Each = [true, false];

    public static TheoryData<bool, bool> OfTwo => [.. from first in Each from second in Each select (first, second)];

    public static TheoryData<bool, bool, bool> OfThree => [.. from first in Each from second in Each from third in Each select (first, second, third)];
}
