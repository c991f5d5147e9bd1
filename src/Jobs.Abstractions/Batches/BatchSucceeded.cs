namespace Jobs;

/// <summary>Enqueued once per batch, when every job of it is completed.</summary>
/// <remarks>
/// A job that was discarded and then retried by hand in time counts by its end.
/// </remarks>
/// <inheritdoc/>
[Matches("status", "succeeded")]
public sealed record BatchSucceeded(string BatchId, int Total, int Completed, int Cancelled, int Discarded)
    : BatchCallback(BatchId, Total, Completed, Cancelled, Discarded);
