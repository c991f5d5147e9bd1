namespace Jobs;

/// <summary>Enqueued once per batch, when every job of it is completed, cancelled or discarded.</summary>
/// <remarks>
/// It is what Oban's recipe for batch jobs means by complete, and what Oban Pro calls exhausted.
/// </remarks>
/// <inheritdoc/>
[Matches("status", "complete")]
public sealed record BatchComplete(string BatchId, int Total, int Completed, int Cancelled, int Discarded)
    : BatchCallback(BatchId, Total, Completed, Cancelled, Discarded);
