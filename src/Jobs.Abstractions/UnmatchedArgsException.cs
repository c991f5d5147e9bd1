using System.Text;
using System.Text.Json;

namespace Jobs;

/// <summary>The stored args of a job fit no perform method of its worker. The attempt fails, and the job is retried like any other.</summary>
/// <remarks>The message names the keys that were found and the shapes that are accepted, never a value: args hold people's data.</remarks>
public sealed class UnmatchedArgsException : Exception
{
    const int MostKeys = 20;
    const int LongestKey = 64;

    UnmatchedArgsException(string message)
        : base(message)
    {
    }

    /// <summary>Makes the exception for <paramref name="job"/>.</summary>
    /// <param name="job">The job that fits nothing.</param>
    /// <param name="shapes">What the worker accepts, each as in <c>{status: "complete", batch_id}</c>.</param>
    public static UnmatchedArgsException For(JobContext job, params ReadOnlySpan<string> shapes)
    {
        ArgumentNullException.ThrowIfNull(job);
        return new UnmatchedArgsException(
            $"Job {job.Id} ({job.Worker}, queue \"{job.Queue}\", attempt {job.Attempt} of {job.MaxAttempts}) has args " +
            $"{Describe(job.Args.Span)}, which no perform method accepts. Accepted: {string.Join(", ", shapes!)}. " +
            "Was a property renamed after the job was stored, or the row inserted with other keys?");
    }

    static string Describe(ReadOnlySpan<byte> args)
    {
        var reader = new Utf8JsonReader(args);
        if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)
            return reader.TokenType switch
            {
                JsonTokenType.Null => "of null, not an object",
                JsonTokenType.StartArray => "of an array, not an object",
                JsonTokenType.String => "of a string, not an object",
                JsonTokenType.Number => "of a number, not an object",
                _ => "of true or false, not an object",
            };

        var keys = new StringBuilder("{");
        var count = 0;
        for (; reader.Read() && reader.TokenType == JsonTokenType.PropertyName; reader.Skip())
        {
            if (++count > MostKeys)
                continue;
            var key = reader.GetString()!;
            keys.Append(count > 1 ? ", \"" : "\"").Append(key.Length > LongestKey ? key[..LongestKey] + "…" : key).Append('"');
        }

        if (count > MostKeys)
            keys.Append(System.Globalization.CultureInfo.InvariantCulture, $", and {count - MostKeys} more");
        return keys.Append('}').ToString();
    }
}
