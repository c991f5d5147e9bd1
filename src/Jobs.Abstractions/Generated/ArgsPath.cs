using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Jobs.Generated;

/// <summary>Finds where in the args a reader stands. Only a failure pays for it: it reads the args again up to there.</summary>
static class ArgsPath
{
    const int LongestKey = 64;

    /// <summary>The path to a token, such as <c>orders[2].email</c>; the keys of dictionaries, which are data, as <c>[…]</c>.</summary>
    /// <param name="position">The byte at which the token starts.</param>
    /// <param name="args">The args.</param>
    /// <param name="options">How they are read.</param>
    /// <param name="hiddenDepth">The depth from which on keys may be data; 0 for none.</param>
    public static string To(long position, ReadOnlySpan<byte> args, JsonReaderOptions options, int hiddenDepth)
    {
        var steps = new string[ArgsReader.MaxDepth + 1];
        var items = new int?[ArgsReader.MaxDepth + 2];
        var json = new Utf8JsonReader(args, options);
        var depth = 0;
        while (json.Read())
        {
            depth = json.CurrentDepth;
            if (json.TokenType == JsonTokenType.PropertyName)
                steps[depth] = hiddenDepth > 0 && depth >= hiddenDepth ? "[…]" : Key(ref json);
            else if (json.TokenType is not (JsonTokenType.EndObject or JsonTokenType.EndArray) && items[depth] is { } item)
                (steps[depth], items[depth]) = (string.Create(CultureInfo.InvariantCulture, $"[{item}]"), item + 1);
            if (json.TokenType is JsonTokenType.StartArray or JsonTokenType.StartObject)
                items[depth + 1] = json.TokenType is JsonTokenType.StartArray ? 0 : null;
            if (json.TokenStartIndex >= position)
                break;
        }

        return Join(steps.AsSpan(1, depth));
    }

    static string Join(ReadOnlySpan<string> steps)
    {
        var path = new StringBuilder();
        foreach (var step in steps)
            path.Append(path.Length == 0 || step[0] == '[' ? "" : ".").Append(step);
        return path.ToString();
    }

    static string Key(ref Utf8JsonReader json)
    {
        try
        {
            var key = json.GetString()!;
            return key.Length switch
            {
                0 => "\"\"",
                > LongestKey => key[..LongestKey] + "…",
                _ => key,
            };
        }
        catch (InvalidOperationException)
        {
            return "a key";
        }
    }
}
