using System.Text;
using System.Text.Json;
using CsCheck;

namespace Jobs.Runtime.Tests.HostileArgs;

enum Verdict
{
    NotStored,
    Failed,
    Performed,
}

/// <summary>Args as somebody inserts them with SQL, and what must become of them.</summary>
sealed record Malformed(string Name, string Json, Verdict Verdict);

/// <summary>Good args with one thing wrong, or with something strange that is no fault.</summary>
static class MalformedJson
{
    /// <summary>Stands in values, and must not be found anywhere else.</summary>
    public const string Canary = "canary-ada@example.com";

    static readonly string[] WholeKeys = ["byte", "s_byte", "short", "u_short", "int", "u_int", "long", "u_long"];
    static readonly string[] NumberKeys = [.. WholeKeys, "float", "double", "decimal"];
    static readonly string[] TextKeys = ["text", "colour", "guid", "instant"];
    static readonly string[] RequiredKeys = [.. NumberKeys, .. TextKeys, "flag"];

    public static Gen<Malformed> Of(IReadOnlyList<NewJob> good)
    {
        var bases = good.Select(job => Members(job.Args)).ToArray();
        return Gen.OneOf(bases).SelectMany(Spoilt);
    }

    static Gen<Malformed> Spoilt(IReadOnlyDictionary<string, string> members) => Gen.OneOf<Malformed>(
        Gen.OneOf(RequiredKeys).Select(key => Make("missing key", members, Verdict.Failed, without: key)),
        Gen.OneOf(RequiredKeys).Select(key => Make("renamed key", members, Verdict.Failed, without: key, with: (key + "s", members[key]))),
        Gen.Select(Gen.OneOf(RequiredKeys), Gen.OneOf("null", "[]", "{}", $"[\"{Canary}\"]", $"{{\"a\": \"{Canary}\"}}"),
            (key, value) => Make("wrong type", members, Verdict.Failed, with: (key, value))),
        Gen.Select(Gen.OneOf(NumberKeys), Gen.OneOf($"\"{Canary}\"", "\"1\"", "true", "\"NaN\"", "\"Infinity\""),
            (key, value) => Make("no number", members, Verdict.Failed, with: (key, value))),
        Gen.Select(Gen.OneOf(TextKeys), Gen.OneOf("1", "false", "12345678901234567890123"),
            (key, value) => Make("no text", members, Verdict.Failed, with: (key, value))),
        Gen.Select(Gen.OneOf("colour", "guid", "instant"), Gen.OneOf($"\"{Canary}\"", "\"\"", "\"2030-01-31T12:00:00\"", "\"\ufffd\""),
            (key, value) => Make("another text", members, Verdict.Failed, with: (key, value))),
        Gen.Select(Gen.OneOf(WholeKeys), Gen.OneOf("1.5", "1e400", "-1e400", "12345678901234567890123", "1e131071", "1e-16383"),
            (key, value) => Make("no such whole number", members, Verdict.Failed, with: (key, value))),
        Gen.OneOf("1e400", "1e131071", "-1e309").Select(value => Make("beyond a double", members, Verdict.Failed, with: ("double", value))),
        Gen.OneOf("1e29", "79228162514264337593543950336", "1e131071").Select(value => Make("beyond a decimal", members, Verdict.Failed, with: ("decimal", value))),
        Gen.OneOf("1e39", "1e131071").Select(value => Make("beyond a float", members, Verdict.Failed, with: ("float", value))),
        Gen.OneOf("null", "[]", "1", "1e131071", "\"x\"", "true", $"\"{Canary}\"", $"[\"{Canary}\"]", "{}").Select(json => new Malformed("no such object", json, Verdict.Failed)),
        Gen.Int[64, 2_000].Select(depth => Make("too deep", members, Verdict.Failed, with: ("extra", Nested(depth)))),
        Gen.Int[64, 2_000].Select(depth => new Malformed("array too deep", Nested(depth), Verdict.Failed)),
        Gen.Int[9, 12].Select(count => Make("too large as text", members, Verdict.Failed, with: ("extra", $"[{string.Join(',', Enumerable.Repeat("1e131071", count))}]"))),
        Gen.OneOf("\"\\u0000\"", "\"\\ud800\"", "\"\\udc00\\ud800\"", "1e200000", "1e-20000", "01", "NaN", "{", "\"\n\"", "", "1 2", "nul")
            .Select(value => Make("what jsonb refuses", members, Verdict.NotStored, with: ("extra", value))),
        Gen.Int[1, 62].Select(depth => Make("deep enough", members, Verdict.Performed, with: ("extra", Nested(depth)))),
        Gen.OneOf("1e131071", "1e-16383", "\"\ufffd\ufffe\"", "\"\\u2028\"", $"\"{new string('x', 100_000)}\"", "[1e400]").Select(value => Make("strange but extra", members, Verdict.Performed, with: ("extra", value))),
        Gen.Int[100, 3_000].Select(count => Make("many keys", members, Verdict.Performed, with: ("extra", $"{{{string.Join(',', Enumerable.Range(0, count).Select(i => $"\"k{i}\": {i}"))}}}"))),
        Gen.Const(Make("wrong key first, right one last", members, Verdict.Performed, before: ("int", $"\"{Canary}\""))));

    static Dictionary<string, string> Members(ReadOnlyMemory<byte> args)
    {
        using var document = JsonDocument.Parse(args);
        return document.RootElement.EnumerateObject().ToDictionary(member => member.Name, member => member.Value.GetRawText());
    }

    static string Nested(int depth) => $"{new string('[', depth)}\"{Canary}\"{new string(']', depth)}";

    static Malformed Make(
        string name, IReadOnlyDictionary<string, string> members, Verdict verdict, string? without = null, (string Key, string Value)? before = null,
        (string Key, string Value)? with = null)
    {
        var json = new StringBuilder("{");
        if (before is { } first)
            Append(first.Key, first.Value);
        foreach (var (key, value) in members.Where(member => member.Key != without && member.Key != with?.Key))
            Append(key, key is "text" or "note" && value != "null" ? $"\"{Canary}\"" : value);
        if (with is { } last)
            Append(last.Key, last.Value);
        return new Malformed(name, json.Append('}').ToString(), verdict);

        void Append(string key, string value) => json.Append(json.Length > 1 ? ", \"" : "\"").Append(key).Append("\": ").Append(value);
    }
}
