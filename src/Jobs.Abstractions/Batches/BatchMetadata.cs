using System.ComponentModel;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Jobs.Generated;

namespace Jobs;

/// <summary>What the callbacks of a batch are to know of it, already serialized. The <c>Metadata</c> method of a worker makes it.</summary>
public sealed class BatchMetadata
{
    const int Largest = 64 * 1024;

    BatchMetadata(byte[] json) => Json = json;

    /// <summary>A JSON object, as it is stored.</summary>
    internal ReadOnlyMemory<byte> Json { get; }

    /// <summary>Makes the metadata of a batch. Called by the generated <c>Metadata</c>.</summary>
    /// <param name="metadata">The value.</param>
    /// <param name="write">Writes it as it is stored.</param>
    /// <exception cref="ArgumentException">It holds what PostgreSQL cannot store, has more than 64 KiB as JSON, or is of a derived class.</exception>
    [EditorBrowsable(EditorBrowsableState.Never)]
    public static BatchMetadata Create<T>(T metadata, Action<Utf8JsonWriter, T> write)
    {
        ArgumentNullException.ThrowIfNull(metadata);
        ArgumentNullException.ThrowIfNull(write);
        return Stored(metadata, metadata => metadata!.GetType() == typeof(T) ? ArgsBuffer.Write(metadata, write) : throw new ArgumentException(
            $"It is a {metadata.GetType()}, derived from {typeof(T)}: only the members of {typeof(T)} would be stored. Seal it, or pass one of itself."));
    }

    /// <exception cref="ArgumentException">It does not become a JSON object, or one that is too large, or that PostgreSQL cannot store.</exception>
    internal static BatchMetadata Of<T>(T metadata, JsonTypeInfo<T> type)
    {
        ArgumentNullException.ThrowIfNull(type);
        return Stored(metadata, metadata => JobOutput.Of(metadata, type));
    }

    static BatchMetadata Stored<T>(T metadata, Func<T, byte[]> write)
    {
        var json = Written(metadata, write);
        if (json is not [(byte)'{', ..])
            throw new ArgumentException($"The metadata of a batch is a JSON object, and {typeof(T).Name} became something else.", nameof(metadata));
        if (json.Length > Largest)
            throw new ArgumentException($"The metadata of a batch has {Largest} bytes at most, and this has {json.Length}.", nameof(metadata));
        return new BatchMetadata(json);
    }

    static byte[] Written<T>(T metadata, Func<T, byte[]> write)
    {
        try
        {
            var json = write(metadata);

            // A callback's args have it one level further in.
            using var document = JsonDocument.Parse(json, new JsonDocumentOptions { MaxDepth = ArgsReader.MaxDepth - 1 });
            return json;
        }
        catch (Exception exception) when (exception is ArgumentException or InvalidArgsException or JsonException)
        {
            throw new ArgumentException($"The metadata of a batch cannot be stored. {exception.Message}", nameof(metadata), exception);
        }
    }
}
