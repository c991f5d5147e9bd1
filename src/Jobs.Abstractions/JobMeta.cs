using System.Buffers;
using System.Collections.ObjectModel;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Jobs.Generated;

namespace Jobs;

/// <summary>What a caller wants to know of a job later, between texts and the JSON object that is stored.</summary>
static class JobMeta
{
    const int Largest = 64 * 1024;

    // The names and texts are checked before, so the encoder has nothing to refuse.
    static readonly JsonWriterOptions Options = new() { Encoder = new StrictEncoder() };

    public static IReadOnlyDictionary<string, string> Empty => ReadOnlyDictionary<string, string>.Empty;

    /// <summary>A copy of <paramref name="meta"/>, and the JSON as which it is stored; <see langword="null"/> for none.</summary>
    /// <exception cref="ArgumentException">It is too large, or holds a text that is null or cannot be stored.</exception>
    public static (IReadOnlyDictionary<string, string> Copy, string? Json) Checked(IReadOnlyDictionary<string, string> meta)
    {
        ArgumentNullException.ThrowIfNull(meta, nameof(NewJob.Meta));
        if (meta.Count == 0)
            return (Empty, null);

        var copy = new Dictionary<string, string>(meta.Count, StringComparer.Ordinal);
        foreach (var (name, text) in meta)
        {
            if (text is null || !StorableText.IsStorable(name) || !StorableText.IsStorable(text))
                throw new ArgumentException("The meta of a job must hold texts, none of them null, and without NUL characters and halves of surrogate pairs.", nameof(NewJob.Meta));
            copy.Add(name, text);
        }

        return (copy.AsReadOnly(), Write(copy));
    }

    static string Write(Dictionary<string, string> meta)
    {
        var bytes = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(bytes, Options))
        {
            json.WriteStartObject();
            foreach (var (name, text) in meta)
                json.WriteString(name, text);
            json.WriteEndObject();
        }

        // jsonb puts a space behind each comma and colon.
        var size = bytes.WrittenCount + (2L * meta.Count);
        if (size > Largest)
        {
            throw new ArgumentException(
                string.Create(CultureInfo.InvariantCulture, $"The meta of a job is {size:N0} bytes as JSON, more than the {Largest:N0} that it may have."), nameof(NewJob.Meta));
        }

        return Encoding.UTF8.GetString(bytes.WrittenSpan);
    }

    /// <summary>The texts of a stored object. What was written with SQL and is no text is its JSON.</summary>
    public static IReadOnlyDictionary<string, string> Read(ReadOnlyMemory<byte> json)
    {
        if (json.IsEmpty)
            return Empty;

        using var document = JsonDocument.Parse(json);
        var meta = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var property in document.RootElement.EnumerateObject())
            meta.Add(property.Name, property.Value.ValueKind == JsonValueKind.String ? property.Value.GetString()! : property.Value.GetRawText());
        return meta.AsReadOnly();
    }
}
