namespace Jobs.Store;

/// <summary>Jobs that are pruned together: those of one state that are kept equally long.</summary>
/// <param name="State">Their state, a final one.</param>
/// <param name="Age">How long they are kept after their end.</param>
/// <param name="Workers">The workers whose jobs are among them, whatever their queue.</param>
/// <param name="OtherWorkers">The workers that have an age of their own which is not this one.</param>
/// <param name="Queues">The queues whose jobs are among them, unless their worker has an age of its own.</param>
/// <param name="OtherQueues">The queues that have an age of their own which is not this one.</param>
/// <param name="AndTheRest">Whether the jobs of which nothing is said, by worker or queue, are among them.</param>
sealed record PruneRule(
    JobState State,
    TimeSpan Age,
    IReadOnlyList<string> Workers,
    IReadOnlyList<string> OtherWorkers,
    IReadOnlyList<string> Queues,
    IReadOnlyList<string> OtherQueues,
    bool AndTheRest);

/// <summary>How far a walk along what has ended has come: the last that it looked at.</summary>
readonly record struct PruneMark(DateTimeOffset EndedAt, long Id)
{
    /// <summary>Before the oldest.</summary>
    public static PruneMark Start { get; } = new(DateTimeOffset.MinValue, 0);
}

/// <summary>What one step of a walk looked at, how many of those it deleted, and the last of them.</summary>
readonly record struct PruneResult(int Seen, int Pruned, PruneMark Last);

/// <summary>What one step of the walk along the unique keys looked at, how many of those nobody held and it deleted, and the last of them.</summary>
readonly record struct KeySweepResult(int Seen, int Freed, Guid Last);
