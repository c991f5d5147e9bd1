using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Jobs;

/// <summary>What a callback of a batch tells: the batch, and its counts at the moment of which it tells.</summary>
/// <remarks>
/// A worker gets a callback through a perform method that takes its record. It is a job like any other: visible, retried if it fails, and
/// enqueued once per batch and kind, by the statement that makes its condition true.
/// </remarks>
/// <param name="BatchId">The batch's id.</param>
/// <param name="Total">How many jobs the batch had; a batch that is in it is one of them.</param>
/// <param name="Completed">How many had ended well.</param>
/// <param name="Cancelled">How many had been stopped on purpose.</param>
/// <param name="Discarded">How many had been given up.</param>
public abstract record BatchCallback(string BatchId, int Total, int Completed, int Cancelled, int Discarded)
{
    /// <summary>How many had not ended.</summary>
    public int Pending { get; init; }

    /// <summary>When the batch was enqueued or opened, by the database's clock; <see langword="null"/> in rows of versions that did not tell.</summary>
    public DateTimeOffset? InsertedAt { get; init; }

    /// <summary>When that of which it tells came about, by the database's clock; <see langword="null"/> in rows of versions that did not tell.</summary>
    public DateTimeOffset? OccurredAt { get; init; }

    /// <summary>What the caller gave the batch for its callbacks; <see langword="null"/> for nothing.</summary>
    public JsonElement? Metadata { get; init; }

    /// <summary>What the caller gave the batch for its callbacks, read by a serializer context of yours.</summary>
    /// <param name="type">From a context that covers the type.</param>
    /// <returns>The default of the type if the batch has none.</returns>
    /// <exception cref="JsonException">It is not of this type.</exception>
    public T? MetadataAs<T>(JsonTypeInfo<T> type) => Metadata is { } metadata ? metadata.Deserialize(type) : default;
}
