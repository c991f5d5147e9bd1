namespace Jobs.Store;

/// <summary>What a node finds when it looks.</summary>
/// <param name="Queues">Its queues, in the order in which it asked.</param>
/// <param name="SuspectsWait">Whether one of them has available jobs that a node died with.</param>
/// <param name="Cancelled">The jobs that it executes and that are to be cancelled; told again until they have ended.</param>
sealed record PollResult(IReadOnlyList<PolledQueue> Queues, bool SuspectsWait, IReadOnlyList<(long Id, long Run)> Cancelled)
{
    /// <summary>Whether the leader has something to do for batches: see <see cref="BatchWork"/>.</summary>
    public bool BatchesWait { get; init; }
}

/// <summary>What a node finds of one of its queues.</summary>
/// <param name="HasWork">Whether it has available jobs of workers that the node knows.</param>
/// <param name="Rule">What is said of it.</param>
readonly record struct PolledQueue(bool HasWork, QueueRule Rule);
