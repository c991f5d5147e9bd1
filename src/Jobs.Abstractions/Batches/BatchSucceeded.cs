using System.Text.Json;

namespace Jobs;

/// <summary>Enqueued once per batch, when every job of it is completed.</summary>
/// <remarks>
/// A job that was discarded and then retried by hand in time counts by its end.
/// </remarks>
/// <inheritdoc/>
[Matches("status", "succeeded")]
public sealed record BatchSucceeded(string BatchId, int Total, int Completed, int Cancelled, int Discarded)
    : BatchCallback<JsonElement?>(BatchId, Total, Completed, Cancelled, Discarded, null);

/// <summary>A <see cref="BatchSucceeded"/> with the batch's metadata as a <typeparamref name="TMetadata"/>, which the worker's <c>Metadata</c> stores.</summary>
/// <inheritdoc/>
[Matches("status", "succeeded")]
public sealed record BatchSucceeded<TMetadata>(string BatchId, int Total, int Completed, int Cancelled, int Discarded, TMetadata Metadata)
    : BatchCallback<TMetadata>(BatchId, Total, Completed, Cancelled, Discarded, Metadata);
