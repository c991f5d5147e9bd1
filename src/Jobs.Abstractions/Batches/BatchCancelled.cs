using System.Text.Json;

namespace Jobs;

/// <summary>Enqueued once per batch, when the first job of it is cancelled, or deleted before it has ended.</summary>
/// <remarks>
/// It comes in the middle of the batch, which goes on.
/// </remarks>
/// <inheritdoc/>
[Matches("status", "cancelled")]
public sealed record BatchCancelled(string BatchId, int Total, int Completed, int Cancelled, int Discarded)
    : BatchCallback<JsonElement?>(BatchId, Total, Completed, Cancelled, Discarded, null);

/// <summary>A <see cref="BatchCancelled"/> with the batch's metadata as a <typeparamref name="TMetadata"/>, which the worker's <c>Metadata</c> stores.</summary>
/// <inheritdoc/>
[Matches("status", "cancelled")]
public sealed record BatchCancelled<TMetadata>(string BatchId, int Total, int Completed, int Cancelled, int Discarded, TMetadata Metadata)
    : BatchCallback<TMetadata>(BatchId, Total, Completed, Cancelled, Discarded, Metadata);
