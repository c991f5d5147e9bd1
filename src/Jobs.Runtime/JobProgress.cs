using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Jobs;

/// <summary>How far a job is, as it last told.</summary>
/// <param name="Done">How much is done.</param>
/// <param name="Total">How much there is to do; <see langword="null"/> if the job did not say.</param>
/// <param name="Note">What the job is doing; <see langword="null"/> if it did not say.</param>
public sealed record JobProgress(long Done, long? Total, string? Note)
{
    /// <summary>As it is stored. The note is text that the store can hold.</summary>
    internal string ToJson() => string.Create(
        CultureInfo.InvariantCulture,
        $"{{\"done\": {Done}{(Total is null ? "" : $", \"total\": {Total}")}{(Note is null ? "" : $", \"note\": \"{JsonEncodedText.Encode(Note, JavaScriptEncoder.UnsafeRelaxedJsonEscaping)}\"")}}}");

    internal static JobProgress? Read(ReadOnlyMemory<byte> json)
    {
        using var document = JsonDocument.Parse(json);
        var told = document.RootElement;
        return told.ValueKind != JsonValueKind.Object ? null : new JobProgress(
            Number(told, "done") ?? 0,
            Number(told, "total"),
            told.TryGetProperty("note", out var note) && note.ValueKind == JsonValueKind.String ? note.GetString() : null);
    }

    static long? Number(JsonElement told, string name) =>
        told.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Number && value.TryGetInt64(out var number) ? number : null;
}
