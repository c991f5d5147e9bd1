using System.Text.Json;

namespace Jobs;

/// <summary>Enqueued once per batch, when every job of it is completed, cancelled or discarded.</summary>
/// <remarks>
/// It is what Oban's recipe for batch jobs means by complete, and what Oban Pro calls exhausted.
/// </remarks>
/// <inheritdoc/>
[Matches("status", "complete")]
public sealed record BatchComplete(string BatchId, int Total, int Completed, int Cancelled, int Discarded)
    : BatchCallback<JsonElement?>(BatchId, Total, Completed, Cancelled, Discarded, null);

/// <summary>A <see cref="BatchComplete"/> with the batch's metadata as a <typeparamref name="TMetadata"/>, which the worker's <c>Metadata</c> stores.</summary>
/// <inheritdoc/>
[Matches("status", "complete")]
public sealed record BatchComplete<TMetadata>(string BatchId, int Total, int Completed, int Cancelled, int Discarded, TMetadata Metadata)
    : BatchCallback<TMetadata>(BatchId, Total, Completed, Cancelled, Discarded, Metadata);
