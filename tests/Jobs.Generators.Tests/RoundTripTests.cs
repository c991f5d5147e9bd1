using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace Jobs.Generators.Tests;

public class RoundTripTests
{
    static readonly string Program = File.ReadAllText(Path.Combine(TestFiles.Snapshots, "EveryMember.input.cs"))
        .Replace("public void Run(EveryArgs args) { }", "public void Run(EveryArgs args) => Log.Lines.Add(args);", StringComparison.Ordinal);

    [Theory]
    [InlineData(1), InlineData(2), InlineData(3), InlineData(4)]
    public async Task Whatever_is_stored_is_read_back_equal(int seed)
    {
        var host = await WorkerHost.StartAsync(Program);
        var random = new Random(seed);

        for (var i = 0; i < 500; i++)
        {
            var args = Random(host, random);
            var stored = host.New("App.EveryWorker", args).Args;
            var (_, lines) = await host.PerformAsync("App.EveryWorker", stored);
            Assert.Equal([args], lines);
        }
    }

    [Fact]
    public async Task Stored_args_are_plain_JSON_with_snake_case_keys_and_every_key()
    {
        var host = await WorkerHost.StartAsync(Program);

        var stored = Encoding.UTF8.GetString(host.New("App.EveryWorker", Random(host, new Random(1))).Args.Span);

        var keys = JsonDocument.Parse(stored).RootElement.EnumerateObject().Select(property => property.Name);
        Assert.Equal(
            ["kind", "version", "is_new", "text", "note", "flag", "maybe_flag", "a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l", "m", "n", "o", "tries", "needed", "title", "ratio"],
            keys);
    }

    [Theory]
    [InlineData("text", "null", "text in the stored args must be a string, and is null.")]
    [InlineData("text", "7", "text in the stored args must be a string, and is a number.")]
    [InlineData("text", "\"\\ud800\"", "text in the stored args is no valid text: it has broken UTF-8 or half of a surrogate pair.")]
    [InlineData("flag", "0", "flag in the stored args must be true or false, and is a number.")]
    [InlineData("a", "256", "a in the stored args must be a whole number from 0 to 255, and is another number.")]
    [InlineData("e", "1.5", "e in the stored args must be a whole number from -2147483648 to 2147483647, and is another number.")]
    [InlineData("e", "null", "e in the stored args must be a whole number from -2147483648 to 2147483647, and is null.")]
    [InlineData("h", "-1", "h in the stored args must be a whole number from 0 to 18446744073709551615, and is another number.")]
    [InlineData("i", "1e40", "i in the stored args must be a number that a float can hold, and is another number.")]
    [InlineData("j", "1e400", "j in the stored args must be a number that a double can hold, and is another number.")]
    [InlineData("k", "1e40", "k in the stored args must be a number that a decimal can hold, and is another number.")]
    [InlineData("l", "\"secret\"", "l in the stored args must be a UUID such as \"00000000-0000-0000-0000-000000000000\", and is another string.")]
    [InlineData("m", "\"2030-01-31T12:00:00\"", "m in the stored args must be a date and time with its offset such as \"2030-01-31T12:00:00Z\", and is another string.")]
    [InlineData("n", "\"secret\"", "n in the stored args must be one of Red, Green, Crimson, Pink, and is another string.")]
    [InlineData("n", "1", "n in the stored args must be one of Red, Green, Crimson, Pink, and is a number.")]
    [InlineData("o", "{}", "o in the stored args must be one of Red, Green, Crimson, Pink, and is an object.")]
    public async Task A_value_that_does_not_fit_its_member_fails_with_its_key_and_what_was_expected(string key, string value, string message)
    {
        var host = await WorkerHost.StartAsync(Program);
        var stored = Encoding.UTF8.GetString(host.New("App.EveryWorker", Random(host, new Random(1))).Args.Span);

        Assert.Equal(message, await host.FailAsync<InvalidArgsException>("App.EveryWorker", $"{stored[..^1]}, \"{key}\": {value}}}"));
    }

    [Theory]
    [InlineData("Text", null, "Text is null")]
    [InlineData("Text", "a\0b", "Text has a NUL character")]
    [InlineData("Text", "a\\ud800", "Text has half of a surrogate pair")]
    [InlineData("Note", "\\udc00", "Note has half of a surrogate pair")]
    [InlineData("I", float.NaN, "I is NaN or infinite")]
    [InlineData("J", double.PositiveInfinity, "J is NaN or infinite")]
    [InlineData("Ratio", double.NegativeInfinity, "Ratio is NaN or infinite")]
    [InlineData("N", 5, "N holds a value that its enum has no name for")]
    public async Task A_value_that_cannot_be_stored_is_refused_at_enqueue(string member, object? value, string message)
    {
        var host = await WorkerHost.StartAsync(Program);
        var args = Random(host, new Random(1));
        var property = args.GetType().GetProperty(member)!;
        // Escaped, for the metadata of an attribute cannot hold half of a surrogate pair.
        value = value is string text ? Regex.Unescape(text) : value;
        property.SetValue(args, property.PropertyType.IsEnum ? Enum.ToObject(property.PropertyType, value!) : value);

        Assert.StartsWith(message, Assert.Throws<InvalidArgsException>(() => host.New("App.EveryWorker", args)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_derived_record_is_read_back_though_jsonb_puts_its_type_behind_shorter_keys()
    {
        var host = await WorkerHost.StartAsync("""
            using System.Text.Json.Serialization;
            using Jobs;
            namespace App;
            [JsonDerivedType(typeof(Square), "square")] public abstract record Figure;
            public sealed record Square(int Side) : Figure;
            public sealed record DrawArgs(Figure Figure);
            [JsonSerializable(typeof(Figure))] internal sealed partial class DrawJson : JsonSerializerContext;
            [Worker] public partial class Drawer
            {
                [Perform] public void Draw(DrawArgs args) => Log.Lines.Add(args);
            }

            """);

        var (_, lines) = await host.PerformAsync("App.Drawer", """{"figure": {"Side": 3, "$type": "square"}}""");

        Assert.Equal([host.Make("App.DrawArgs", host.Make("App.Square", 3))], lines);
    }

    [Fact]
    public async Task A_parameter_that_is_not_stored_leaves_those_behind_it_their_values()
    {
        var host = await WorkerHost.StartAsync("""
            using System.Text.Json.Serialization;
            using Jobs;
            namespace App;
            public sealed record EmailArgs(string Email, [property: JsonIgnore] int Size = 7, bool IsNew = true, string @class = "a");
            [Worker] public partial class Mailer
            {
                [Perform] public void Deliver(EmailArgs args) => Log.Lines.Add(args);
            }

            """);

        var stored = host.New("App.Mailer", host.Make("App.EmailArgs", "a", 1, false, "b")).Args;

        Assert.Equal([host.Make("App.EmailArgs", "a", 7, false, "b")], (await host.PerformAsync("App.Mailer", stored)).Lines);
    }

    [Fact]
    public async Task Missing_optional_keys_get_their_defaults_and_an_alias_of_an_enum_is_read()
    {
        var host = await WorkerHost.StartAsync(Program);

        var (_, lines) = await host.PerformAsync("App.EveryWorker", """
            {"kind": "every", "version": 2.0, "is_new": true, "text": "t", "flag": true, "a": 1, "b": 1, "c": 1, "d": 1, "e": 1, "f": 1, "g": 1, "h": 1,
             "i": 1, "j": 1, "k": 1, "l": "00000000-0000-0000-0000-000000000001", "m": "2030-01-31T12:00:00+02:00", "n": "Crimson", "needed": 5}
            """);

        var args = lines.Single()!;
        Assert.Equal(
            "3 none - - 5 Red",
            string.Create(CultureInfo.InvariantCulture, $"{Get("Tries")} {Get("Title")} {Get("Note") ?? "-"} {Get("Ratio") ?? "-"} {Get("Needed")} {Enum.GetName(args.GetType().GetProperty("N")!.PropertyType, 0)}"));
        Assert.Equal(0, Convert.ToInt32(Get("N"), CultureInfo.InvariantCulture));
        object? Get(string member) => args.GetType().GetProperty(member)!.GetValue(args);
    }

    [Theory]
    [InlineData("\"kind\": \"other\"")]
    [InlineData("\"version\": 3")]
    [InlineData("\"version\": \"2\"")]
    [InlineData("\"is_new\": false")]
    [InlineData("\"is_new\": null")]
    public async Task Another_constant_does_not_fit(string constant)
    {
        var host = await WorkerHost.StartAsync(Program);
        var stored = Encoding.UTF8.GetString(host.New("App.EveryWorker", Random(host, new Random(1))).Args.Span);

        await host.FailAsync<UnmatchedArgsException>("App.EveryWorker", $"{stored[..^1]}, {constant}}}");
    }

    static object Random(WorkerHost host, Random random)
    {
        var type = host.Assembly.GetType("App.EveryArgs")!;
        var parameters = type.GetConstructors()[0].GetParameters();
        var args = host.Make("App.EveryArgs", parameters.Select(parameter => parameter.Name == "BatchId" ? null : Value(parameter.ParameterType, parameter.Name == "Note", random)).ToArray());
        foreach (var name in new[] { "Needed", "Title", "Ratio" })
            type.GetProperty(name)!.SetValue(args, Value(type.GetProperty(name)!.PropertyType, false, random));
        return args;
    }

    static object? Value(Type type, bool isNullable, Random random)
    {
        var inner = Nullable.GetUnderlyingType(type);
        if ((inner is not null || isNullable) && random.Next(3) == 0)
            return null;
        type = inner ?? type;
        if (type.IsEnum)
            return Enum.GetValues(type).GetValue(random.Next(Enum.GetValues(type).Length));
        var bytes = new byte[16];
        random.NextBytes(bytes);
        var edge = random.Next(4);
        return type switch
        {
            _ when type == typeof(string) => Text(random),
            _ when type == typeof(bool) => random.Next(2) == 0,
            _ when type == typeof(byte) => bytes[0],
            _ when type == typeof(sbyte) => (sbyte)bytes[0],
            _ when type == typeof(short) => BitConverter.ToInt16(bytes),
            _ when type == typeof(ushort) => BitConverter.ToUInt16(bytes),
            _ when type == typeof(int) => edge == 0 ? int.MinValue : BitConverter.ToInt32(bytes),
            _ when type == typeof(uint) => edge == 0 ? uint.MaxValue : BitConverter.ToUInt32(bytes),
            _ when type == typeof(long) => edge == 0 ? long.MinValue : BitConverter.ToInt64(bytes),
            _ when type == typeof(ulong) => edge == 0 ? ulong.MaxValue : BitConverter.ToUInt64(bytes),
            _ when type == typeof(float) => Finite(BitConverter.ToSingle(bytes)),
            _ when type == typeof(double) => Finite(BitConverter.ToDouble(bytes)),
            _ when type == typeof(decimal) => edge == 0 ? decimal.MaxValue : new decimal(random.Next(), random.Next(), random.Next(), random.Next(2) == 0, (byte)random.Next(29)),
            _ when type == typeof(Guid) => new Guid(bytes),
            _ => new DateTimeOffset(random.NextInt64(TimeSpan.TicksPerDay, DateTime.MaxValue.Ticks - TimeSpan.TicksPerDay), TimeSpan.FromMinutes(random.Next(-840, 841))),
        };
    }

    static float Finite(float number) => float.IsFinite(number) ? number : float.Epsilon;

    static double Finite(double number) => double.IsFinite(number) ? number : double.MaxValue;

    static string Text(Random random)
    {
        string[] parts = ["", "a", "\"", "\\", "\n", "é", "名前", "🎉", "\u0001", "</script>", "\u2028", " "];
        return string.Concat(Enumerable.Range(0, random.Next(6)).Select(_ => parts[random.Next(parts.Length)]));
    }
}
