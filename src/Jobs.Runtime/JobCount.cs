namespace Jobs;

/// <summary>How many jobs there are, counted up to a limit.</summary>
/// <param name="Value">How many were counted.</param>
/// <param name="IsAtLeast">Whether the counting stopped at the limit, and there are more.</param>
public readonly record struct JobCount(long Value, bool IsAtLeast)
{
    /// <summary>The number, as in <c>17</c> or <c>10000+</c>.</summary>
    public override string ToString() => string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{Value}{(IsAtLeast ? "+" : "")}");
}
