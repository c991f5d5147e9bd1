using System.Text.Json;

namespace Jobs;

/// <summary>Why an attempt of a job did not end well.</summary>
/// <param name="Attempt">Which attempt it was.</param>
/// <param name="At">When it ended.</param>
/// <param name="Text">The exception's text, or the reason that the worker gave; at most 10,000 characters.</param>
public sealed record JobError(int Attempt, DateTimeOffset At, string Text)
{
    /// <summary>The errors of a row. What was written with SQL and is not of this form is left out, or empty.</summary>
    internal static IReadOnlyList<JobError> Read(ReadOnlyMemory<byte> json)
    {
        using var document = JsonDocument.Parse(json);
        return [.. document.RootElement.EnumerateArray().Where(error => error.ValueKind == JsonValueKind.Object).Select(Read)];
    }

    static JobError Read(JsonElement error) => new(
        error.TryGetProperty("attempt", out var attempt) && attempt.ValueKind == JsonValueKind.Number && attempt.TryGetInt32(out var number) ? number : 0,
        error.TryGetProperty("at", out var at) && at.ValueKind == JsonValueKind.String && at.TryGetDateTimeOffset(out var instant) ? instant : default,
        error.TryGetProperty("error", out var text) && text.ValueKind == JsonValueKind.String ? text.GetString()! : "");
}
