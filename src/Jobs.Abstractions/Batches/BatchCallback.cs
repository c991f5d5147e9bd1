namespace Jobs;

/// <summary>What a callback of a batch tells: the batch, and its counts at the moment of which it tells.</summary>
/// <remarks>
/// A worker gets a callback through a perform method that takes its record. It is a job like any other: visible, retried if it fails, and
/// enqueued once per batch and kind, by the statement that makes its condition true.
/// </remarks>
/// <param name="BatchId">The batch's id.</param>
/// <param name="Total">How many jobs the batch had; a batch that is in it is one of them.</param>
/// <param name="Completed">How many had ended well.</param>
/// <param name="Cancelled">How many had been stopped on purpose.</param>
/// <param name="Discarded">How many had been given up.</param>
public abstract record BatchCallback(string BatchId, int Total, int Completed, int Cancelled, int Discarded)
{
    /// <summary>How many had not ended.</summary>
    public int Pending { get; init; }

    /// <summary>When the batch was enqueued or opened, by the database's clock; <see langword="null"/> in rows of versions that did not tell.</summary>
    public DateTimeOffset? InsertedAt { get; init; }

    /// <summary>When that of which it tells came about, by the database's clock; <see langword="null"/> in rows of versions that did not tell.</summary>
    public DateTimeOffset? OccurredAt { get; init; }
}

/// <summary>What a callback of a batch tells, with what the caller gave the batch for its callbacks.</summary>
/// <typeparam name="TMetadata">
/// A record, class or struct of yours, read as args are; nullable where a batch may have none. In the kinds without a type argument, the JSON as
/// it is stored.
/// </typeparam>
/// <param name="BatchId">The batch's id.</param>
/// <param name="Total">How many jobs the batch had; a batch that is in it is one of them.</param>
/// <param name="Completed">How many had ended well.</param>
/// <param name="Cancelled">How many had been stopped on purpose.</param>
/// <param name="Discarded">How many had been given up.</param>
/// <param name="Metadata">What the caller gave the batch for its callbacks; <see langword="null"/> for nothing.</param>
public abstract record BatchCallback<TMetadata>(string BatchId, int Total, int Completed, int Cancelled, int Discarded, TMetadata Metadata)
    : BatchCallback(BatchId, Total, Completed, Cancelled, Discarded);
