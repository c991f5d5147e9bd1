namespace Jobs;

/// <summary>Enqueued once per batch, when the first job of it has failed and waits for its next attempt.</summary>
/// <remarks>
/// It comes in the middle of the batch, which goes on.
/// </remarks>
/// <inheritdoc/>
[Matches("status", "retryable")]
public sealed record BatchRetryable(string BatchId, int Total, int Completed, int Cancelled, int Discarded)
    : BatchCallback(BatchId, Total, Completed, Cancelled, Discarded);
