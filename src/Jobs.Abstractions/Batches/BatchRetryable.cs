using System.Text.Json;

namespace Jobs;

/// <summary>Enqueued once per batch, when the first job of it has failed and waits for its next attempt.</summary>
/// <remarks>
/// It comes in the middle of the batch, which goes on.
/// </remarks>
/// <inheritdoc/>
[Matches("status", "retryable")]
public sealed record BatchRetryable(string BatchId, int Total, int Completed, int Cancelled, int Discarded)
    : BatchCallback<JsonElement?>(BatchId, Total, Completed, Cancelled, Discarded, null);

/// <summary>A <see cref="BatchRetryable"/> with the batch's metadata as a <typeparamref name="TMetadata"/>, which the worker's <c>Metadata</c> stores.</summary>
/// <inheritdoc/>
[Matches("status", "retryable")]
public sealed record BatchRetryable<TMetadata>(string BatchId, int Total, int Completed, int Cancelled, int Discarded, TMetadata Metadata)
    : BatchCallback<TMetadata>(BatchId, Total, Completed, Cancelled, Discarded, Metadata);
