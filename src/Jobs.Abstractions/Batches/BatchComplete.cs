namespace Jobs;

/// <summary>Enqueued once per batch, when every job of it is completed, cancelled or discarded.</summary>
/// <remarks>
/// A worker gets it through a perform method that takes it. It is what Oban's recipe for batch jobs means by complete, and what Oban Pro
/// calls exhausted. The callback is a job like any other: it is retried if it fails.
/// </remarks>
/// <param name="BatchId">The batch's id.</param>
/// <param name="Total">How many jobs the batch had; the sum of the other three.</param>
/// <param name="Completed">How many ended well.</param>
/// <param name="Cancelled">How many were stopped on purpose.</param>
/// <param name="Discarded">How many were given up.</param>
[Matches("status", "complete")]
public sealed record BatchComplete(string BatchId, int Total, int Completed, int Cancelled, int Discarded);
