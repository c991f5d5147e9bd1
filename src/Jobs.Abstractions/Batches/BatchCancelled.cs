namespace Jobs;

/// <summary>Enqueued once per batch, when the first job of it is cancelled, or deleted before it has ended.</summary>
/// <remarks>
/// It comes in the middle of the batch, which goes on.
/// </remarks>
/// <inheritdoc/>
[Matches("status", "cancelled")]
public sealed record BatchCancelled(string BatchId, int Total, int Completed, int Cancelled, int Discarded)
    : BatchCallback(BatchId, Total, Completed, Cancelled, Discarded);
