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

/// <summary>What one step of a walk looked at, how many of those it deleted, and the last of them.</summary>
readonly record struct PruneResult(int Seen, int Pruned, WalkMark Last);

/// <summary>What one step of the walk along the unique keys looked at, how many of those nobody held and it deleted, and the last of them.</summary>
readonly record struct KeySweepResult(int Seen, int Freed, Guid Last);
