using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Jobs;

/// <summary>Reads the metadata of batches by a serializer context.</summary>
public static class BatchCallbackExtensions
{
    /// <summary>What the caller gave the batch for its callbacks, read by a serializer context of yours.</summary>
    /// <param name="callback">The callback.</param>
    /// <param name="type">From a context that covers the type.</param>
    /// <returns>The default of the type if the batch has none.</returns>
    /// <remarks>A perform method that takes a <see cref="BatchComplete{TMetadata}"/> needs no context.</remarks>
    /// <exception cref="JsonException">It is not of this type.</exception>
    public static T? MetadataAs<T>(this BatchCallback<JsonElement?> callback, JsonTypeInfo<T> type)
    {
        ArgumentNullException.ThrowIfNull(callback);
        return callback.Metadata is { } metadata ? metadata.Deserialize(type) : default;
    }
}
