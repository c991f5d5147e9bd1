using Jobs.Torture.Journals;
using Jobs.Torture.Work;

namespace Jobs.Torture.Checking;

/// <summary>What a run wanted of its batches, what the processes say they did, and what the tables say at the end.</summary>
sealed record BatchEvidence
{
    public required BatchPlan Plan { get; init; }

    public required BatchTables Tables { get; init; }

    /// <summary>Read once, in any order.</summary>
    public required IEnumerable<JournalLine> Journal { get; init; }

    /// <summary>The ids of the jobs that were executing on a node when it was killed.</summary>
    public IReadOnlySet<long> InFlight { get; init; } = new HashSet<long>();

    /// <summary>The processes that lost their lease on a busy machine, and gave back what they ran.</summary>
    public IReadOnlySet<int> Slow { get; init; } = new HashSet<int>();

    /// <summary>The ids of the members that somebody wanted to cancel, each by itself.</summary>
    public IReadOnlySet<long> Cancelled { get; init; } = new HashSet<long>();

    /// <summary>The ids of the members that somebody wanted to delete.</summary>
    public IReadOnlySet<long> Deleted { get; init; } = new HashSet<long>();
}
