using System.Text.Json;

namespace Jobs;

/// <summary>Enqueued once per batch, when the first job of it is discarded.</summary>
/// <remarks>
/// It comes in the middle of the batch, which goes on.
/// </remarks>
/// <inheritdoc/>
[Matches("status", "discarded")]
public sealed record BatchDiscarded(string BatchId, int Total, int Completed, int Cancelled, int Discarded)
    : BatchCallback<JsonElement?>(BatchId, Total, Completed, Cancelled, Discarded, null);

/// <summary>A <see cref="BatchDiscarded"/> with the batch's metadata as a <typeparamref name="TMetadata"/>, which the worker's <c>Metadata</c> stores.</summary>
/// <inheritdoc/>
[Matches("status", "discarded")]
public sealed record BatchDiscarded<TMetadata>(string BatchId, int Total, int Completed, int Cancelled, int Discarded, TMetadata Metadata)
    : BatchCallback<TMetadata>(BatchId, Total, Completed, Cancelled, Discarded, Metadata);
