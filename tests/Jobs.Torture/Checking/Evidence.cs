using Jobs.Torture.Journals;

namespace Jobs.Torture.Checking;

/// <summary>What was asked for, what the processes say they did, and what the tables say.</summary>
sealed record Evidence
{
    public required Snapshot Tables { get; init; }

    public required IReadOnlyCollection<JournalLine> Journal { get; init; }

    /// <summary>The keys of the jobs whose enqueue was answered.</summary>
    public required IReadOnlyCollection<string> Stored { get; init; }

    /// <summary>The keys of the jobs whose enqueue threw: each may be stored once, or not at all.</summary>
    public IReadOnlyCollection<string> Unknown { get; init; } = [];

    /// <summary>The keys of the jobs that cannot complete.</summary>
    public IReadOnlySet<string> Doomed { get; init; } = new HashSet<string>();

    /// <summary>The keys of the jobs that were executing at a fault, and may therefore have run again.</summary>
    public IReadOnlySet<string> InFlight { get; init; } = new HashSet<string>();
}
