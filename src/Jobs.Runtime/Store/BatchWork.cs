namespace Jobs.Store;

/// <summary>What the leader has to do for batches.</summary>
/// <param name="Cancelled">Those that were cancelled, and whose members are to be seen to: key and id.</param>
/// <param name="Uncounted">Those that have closed, and that their parents have not counted.</param>
/// <param name="Expired">Open ones whose builder was not heard of for too long.</param>
sealed record BatchWork(IReadOnlyList<(long Key, string Id)> Cancelled, IReadOnlyList<long> Uncounted, IReadOnlyList<long> Expired)
{
    public bool IsNone => Cancelled.Count + Uncounted.Count + Expired.Count == 0;
}

/// <summary>What a seal did.</summary>
/// <param name="Batch">The batch.</param>
/// <param name="Queues">The queues in which callbacks were enqueued.</param>
sealed record SealResult(BatchRef Batch, IReadOnlyList<string> Queues);

/// <summary>What the cancel of a batch did.</summary>
/// <param name="IsMarked">Whether the batch is marked now; not if it has closed, or was marked before.</param>
/// <param name="IsClosed">Whether it had closed.</param>
/// <param name="Executing">How many members execute, and were told to end.</param>
sealed record BatchCancelResult(bool IsMarked, bool IsClosed, int Executing);

/// <summary>What a check of a batch's counters found.</summary>
/// <param name="Id">The batch's id.</param>
/// <param name="Counted">How many members had not ended by the counters.</param>
/// <param name="Found">How many had not by the rows, which the counters agree with now.</param>
/// <param name="Queues">The queues in which callbacks were enqueued, if that closed it.</param>
sealed record BatchCheck(string Id, int Counted, int Found, IReadOnlyList<string> Queues)
{
    public int Drift => Counted - Found;
}
