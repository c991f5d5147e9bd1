using System.Text.Json;

namespace Jobs;

/// <summary>Enqueued once per batch, when every job of it has run at least once, or ended before it ran.</summary>
/// <remarks>
/// A snooze is no run. The batch has to be sealed: as long as jobs may come, not all have run.
/// </remarks>
/// <inheritdoc/>
[Matches("status", "attempted")]
public sealed record BatchAttempted(string BatchId, int Total, int Completed, int Cancelled, int Discarded)
    : BatchCallback<JsonElement?>(BatchId, Total, Completed, Cancelled, Discarded, null);

/// <summary>A <see cref="BatchAttempted"/> with the batch's metadata as a <typeparamref name="TMetadata"/>, which the worker's <c>Metadata</c> stores.</summary>
/// <inheritdoc/>
[Matches("status", "attempted")]
public sealed record BatchAttempted<TMetadata>(string BatchId, int Total, int Completed, int Cancelled, int Discarded, TMetadata Metadata)
    : BatchCallback<TMetadata>(BatchId, Total, Completed, Cancelled, Discarded, Metadata);
