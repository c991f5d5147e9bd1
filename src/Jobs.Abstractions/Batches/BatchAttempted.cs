namespace Jobs;

/// <summary>Enqueued once per batch, when every job of it has run at least once, or ended before it ran.</summary>
/// <remarks>
/// A snooze is no run. The batch has to be sealed: as long as jobs may come, not all have run.
/// </remarks>
/// <inheritdoc/>
[Matches("status", "attempted")]
public sealed record BatchAttempted(string BatchId, int Total, int Completed, int Cancelled, int Discarded)
    : BatchCallback(BatchId, Total, Completed, Cancelled, Discarded);
