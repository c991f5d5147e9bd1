using System.Buffers;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using System.Text.Unicode;
using Jobs.Generated;

namespace Jobs;

/// <summary>Writes what a job returns as JSON that jsonb can hold, and refuses the rest.</summary>
static class JobOutput
{
    static readonly JsonWriterOptions Options = new() { Encoder = new StrictEncoder(), MaxDepth = ArgsReader.MaxDepth };

    public static byte[] Of<T>(T output, JsonTypeInfo<T> type) => Written(json => JsonSerializer.Serialize(json, output, type));

    public static byte[] Of(string text) => Written(json => json.WriteStringValue(text));

    /// <exception cref="ArgumentException">It is no JSON, or JSON that jsonb cannot hold.</exception>
    public static byte[] Checked(ReadOnlySpan<byte> output)
    {
        if (!Utf8.IsValid(output))
            throw Refused("is not UTF-8");
        Check(output);
        return output.ToArray();
    }

    static byte[] Written(Action<Utf8JsonWriter> write)
    {
        var bytes = new ArrayBufferWriter<byte>(256);
        try
        {
            using var json = new Utf8JsonWriter(bytes, Options);
            write(json);
        }
        catch (StrictEncoder.RefusedException exception)
        {
            throw Refused($"holds {exception.Message}", exception);
        }

        Check(bytes.WrittenSpan);
        return bytes.WrittenSpan.ToArray();
    }

    static void Check(ReadOnlySpan<byte> output)
    {
        try
        {
            CheckEscapes(output);
            var size = ArgsSize.Measure(output);
            if (size > ArgsSize.Largest)
            {
                throw Refused(string.Create(
                    CultureInfo.InvariantCulture,
                    $"is {size:N0} bytes as jsonb reads it back, more than the {ArgsSize.Largest:N0} that it may have. Keep the data elsewhere, and return where it is"));
            }
        }
        catch (JsonException exception)
        {
            throw Refused("is no valid JSON", exception);
        }
        catch (OverflowException exception)
        {
            throw Refused($"holds {exception.Message.TrimEnd('.')}", exception);
        }
    }

    // Escapes can hold what the UTF-8 cannot: a NUL character, and half of a surrogate pair.
    static void CheckEscapes(ReadOnlySpan<byte> output)
    {
        if (output.IndexOf("\\u"u8) < 0)
            return;

        var json = new Utf8JsonReader(output);
        while (json.Read())
        {
            if (json.TokenType is JsonTokenType.String or JsonTokenType.PropertyName && json.ValueIsEscaped && !IsStorable(json))
                throw Refused("holds a NUL character (\\u0000) or half of a surrogate pair");
        }
    }

    static bool IsStorable(in Utf8JsonReader text)
    {
        try
        {
            return !text.GetString()!.Contains('\0');
        }
        catch (InvalidOperationException)
        {
            return false;
        }
    }

    static ArgumentException Refused(string why, Exception? cause = null) => new($"The job's output {why}.", "output", cause);
}
