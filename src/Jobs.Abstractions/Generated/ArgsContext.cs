using System.ComponentModel;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;

namespace Jobs.Generated;

/// <summary>What is read and written by a serializer context of the user.</summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public static class ArgsContext
{
    /// <summary>How <paramref name="context"/> serializes a <typeparamref name="T"/>.</summary>
    /// <exception cref="InvalidOperationException">The context does not cover the type.</exception>
    public static JsonTypeInfo<T> TypeInfo<T>(JsonSerializerContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        return OptionsOf(context).TryGetTypeInfo(typeof(T), out var type) ? (JsonTypeInfo<T>)type : throw new InvalidOperationException(
            $"{context.GetType()} does not cover {typeof(T)}, which jobs have in their args. Mark it [JsonSerializable(typeof({typeof(T).Name}))].");
    }

    // Far deeper than a job can be, so that it is the check of the depth that refuses.
    static readonly JsonDocumentOptions AnyDepth = new() { MaxDepth = 1000 };

    // jsonb puts shorter keys first, and so the "$type" of a derived record behind them.
    static JsonSerializerOptions OptionsOf(JsonSerializerContext context) => context.Options.AllowOutOfOrderMetadataProperties
        ? context.Options
        : new JsonSerializerOptions(context.Options) { AllowOutOfOrderMetadataProperties = true };

    /// <summary>Writes <paramref name="value"/>.</summary>
    /// <exception cref="InvalidArgsException">The context cannot write it, or what it writes is not what jsonb gives back: see <see cref="ArgsElement"/>.</exception>
    /// <remarks>A converter may write what it likes, so it is written apart, and held to the same as any JSON in the args.</remarks>
    public static void Write<T>(Utf8JsonWriter json, T value, JsonTypeInfo<T> type, string member)
    {
        ArgumentNullException.ThrowIfNull(type);
        using var written = WriteApart(value, type, member);
        ArgsElement.Write(json, written.RootElement, member);
    }

    static JsonDocument WriteApart<T>(T value, JsonTypeInfo<T> type, string member)
    {
        try
        {
            return JsonDocument.Parse(ArgsBuffer.Write(value, (json, value) => JsonSerializer.Serialize(json, value, type)), AnyDepth);
        }
        catch (StrictEncoder.RefusedException refused)
        {
            throw new InvalidArgsException($"{member} has {refused.Message} in a text, which PostgreSQL's jsonb cannot hold. Remove it before you enqueue.");
        }
        catch (Exception exception) when (exception is JsonException or NotSupportedException or InvalidOperationException)
        {
            throw new InvalidArgsException($"{member} could not be written by {NameOf(type)}.", exception);
        }
    }

    internal static string NameOf(JsonTypeInfo type) => (type.OriginatingResolver ?? (object)"a JsonSerializerContext").ToString()!;
}
