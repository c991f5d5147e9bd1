namespace Jobs.Store;

/// <summary>A node as the others see it.</summary>
/// <param name="Id">One life of it.</param>
/// <param name="Name">What people call it.</param>
/// <param name="Queues">The queues that it works, each with its concurrency.</param>
/// <param name="Workers">The workers that it knows.</param>
sealed record NodeRow(Guid Id, string Name, IReadOnlyList<KeyValuePair<string, int>> Queues, IReadOnlyList<string> Workers);

/// <summary>How far a walk in the order of time has come: the last that it looked at.</summary>
readonly record struct WalkMark(DateTimeOffset At, long Id)
{
    /// <summary>Before the oldest.</summary>
    public static WalkMark Start { get; } = new(DateTimeOffset.MinValue, 0);
}

/// <summary>How many jobs became available, in which queues, and the last of them.</summary>
readonly record struct StageResult(int Count, IReadOnlyList<string> Queues, WalkMark Last);

/// <summary>Which nodes died, and what became of the jobs of dead nodes.</summary>
sealed record RescueResult(IReadOnlyList<string> DeadNodes, int Rescued, int Discarded, int Cancelled, IReadOnlyList<string> Queues)
{
    public int Count => Rescued + Discarded + Cancelled;
}

/// <summary>Available jobs of one queue and worker that no living node takes.</summary>
/// <param name="Queue">The queue.</param>
/// <param name="Worker">The worker.</param>
/// <param name="Count">How many jobs there are; stops at 10,000.</param>
/// <param name="IsWorkerKnown">Whether some node knows the worker, and so only the queue is worked by none that does.</param>
readonly record struct Stranded(string Queue, string Worker, long Count, bool IsWorkerKnown);

/// <summary>Whether the node that asked leads, and when the lease of the node that leads runs out if it is not renewed.</summary>
readonly record struct Election(bool IsLeader, TimeSpan ExpiresIn);
