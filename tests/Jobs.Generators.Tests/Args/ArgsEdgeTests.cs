using System.Text;

namespace Jobs.Generators.Tests;

/// <summary>Every kind of member at its edges comes back as it was.</summary>
public class ArgsEdgeTests
{
    const string Program = """
        [Flags] public enum Days : sbyte { None = 0, Monday = 1, Tuesday = 2, Early = 3, Late = 6, Sunday = -128 }
        [Flags] public enum Bits : ulong { Low = 1, High = 0x8000000000000000 }
        public enum Tone { [JsonStringEnumMemberName("very, formal ")] Formal, @class, Casual = Formal }
        public enum Wide : ulong { Most = ulong.MaxValue }
        public sealed record Address(string Street, string? Zip = null) { public required string City { get; init; } public int Floor { get; init; } = 1; }
        public class Person { public string? Name { get; set; } public List<Address?>? Homes { get; set; } }
        public class Counter(in int start) { public int Start { get; } = start; public int Step { get; set; } = 1; public int Next => Start + Step; }
        public readonly struct Point { public Point(int x, int y) { X = x; Y = y; } public int X { get; } public int Y { get; } }
        public struct Loose { public Loose() { Size = 3; } public int Size { get; set; } public string? Text { get; init; } }
        public record struct Money(decimal Amount, string? Currency = "EUR");
        public record Pair<T>(T First, T? Second) where T : notnull;
        public abstract record Animal(string Name) { public abstract int Legs { get; init; } }
        public sealed record Dog(string Name, bool IsGood) : Animal(Name) { public override int Legs { get; init; } = 4; }
        public sealed record Trimmed(string Text) { public string Text { get; } = Text.Trim(); }
        public sealed class Marked { public Marked(int a, int b) => (A, B) = (a, b); [JsonConstructor] public Marked(int a) => A = a; public int A { get; } public int B { get; init; } = 7; }
        public sealed record Partly(int A, [property: JsonIgnore] int B = 1, int C = 2, int D = 3);
        public static class Outer { internal sealed record Hidden(int X); }

        public sealed record TheArgs
        {
            public DateTime? At { get; init; }
            public DateTimeOffset? Since { get; init; }
            public DateOnly? Day { get; init; }
            public TimeOnly? Time { get; init; }
            public TimeSpan? Length { get; init; }
            public Uri? Link { get; init; }
            public byte[]? Bytes { get; init; }
            public JsonElement? Json { get; init; }
            public Guid? Id { get; init; }
            public Days? Days { get; init; }
            public Bits? Bits { get; init; }
            public Tone? Tone { get; init; }
            public Wide? Wide { get; init; }
            public string? Text { get; init; }
            public double? Double { get; init; }
            public float? Single { get; init; }
            public decimal? Decimal { get; init; }
            public Address? Address { get; init; }
            public Person? Person { get; init; }
            public Counter? Counter { get; init; }
            public Point? Point { get; init; }
            public Loose? Loose { get; init; }
            public Money? Money { get; init; }
            public Pair<Pair<int>>? Pairs { get; init; }
            public Pair<string>? Texts { get; init; }
            public Dog? Dog { get; init; }
            public Trimmed? Trimmed { get; init; }
            public Marked? Marked { get; init; }
            public string?[]? Array { get; init; }
            public int[][]? Grid { get; init; }
            public List<List<string>?>? Lists { get; init; }
            public IEnumerable<int>? Numbers { get; init; }
            public IList<Money?>? Prices { get; init; }
            public ImmutableArray<Guid>? Ids { get; init; }
            public Dictionary<string, int?>? Counts { get; init; }
            public IReadOnlyDictionary<string, Dictionary<string, Address>>? Places { get; init; }
            internal static readonly TheArgs Nothing = new();
        }

        public static class Edges
        {
            static JsonElement Json(string json) => JsonDocument.Parse(json).RootElement;

            public static IEnumerable<object> All() =>
            [
                TheArgs.Nothing,
                new TheArgs { At = DateTime.MinValue }, new TheArgs { At = DateTime.MaxValue },
                new TheArgs { At = DateTime.SpecifyKind(DateTime.MaxValue, DateTimeKind.Utc) }, new TheArgs { At = new DateTime(2030, 3, 31, 2, 30, 0, DateTimeKind.Unspecified).AddTicks(1) },
                new TheArgs { Since = DateTimeOffset.MinValue }, new TheArgs { Since = DateTimeOffset.MaxValue }, new TheArgs { Since = new DateTimeOffset(2030, 1, 31, 12, 0, 0, TimeSpan.FromMinutes(-839)) },
                new TheArgs { Day = DateOnly.MinValue }, new TheArgs { Day = DateOnly.MaxValue }, new TheArgs { Time = TimeOnly.MinValue }, new TheArgs { Time = TimeOnly.MaxValue },
                new TheArgs { Length = TimeSpan.MinValue }, new TheArgs { Length = TimeSpan.MaxValue }, new TheArgs { Length = TimeSpan.FromTicks(-1) },
                new TheArgs { Link = new Uri("/orders?a=b#c", UriKind.Relative) }, new TheArgs { Link = new Uri("", UriKind.Relative) }, new TheArgs { Link = new Uri("//host/x", UriKind.Relative) },
                new TheArgs { Link = new Uri("HTTP://Ä.example/%7e?q#f") }, new TheArgs { Link = new Uri("http://u:p@h/a b") }, new TheArgs { Link = new Uri("mailto:a@b") },
                new TheArgs { Link = new Uri("file:///a/b") }, new TheArgs { Link = new Uri("/a/b") }, new TheArgs { Link = new Uri("//host/share") }, new TheArgs { Link = new Uri(@"\\host\share") },
                new TheArgs { Link = new Uri("\ufffd\"x", UriKind.Relative) },
                new TheArgs { Bytes = [] }, new TheArgs { Bytes = [0, 255, 128, 62, 63] },
                new TheArgs { Json = Json("{\"a\": [1, 1.0, -0, 1e1000, 1e-1000, \"\", {}], \"\": null, \"\\u00e9\\ufffd\\\"\": true}") }, new TheArgs { Json = Json("[]") }, new TheArgs { Json = Json(new string('[', 63) + new string(']', 63)) },
                new TheArgs { Id = Guid.Empty }, new TheArgs { Id = Guid.AllBitsSet },
                new TheArgs { Days = 0 }, new TheArgs { Days = (Days)7 }, new TheArgs { Days = Days.Sunday | Days.Monday }, new TheArgs { Days = (Days)(-121) }, new TheArgs { Bits = Bits.Low | Bits.High },
                new TheArgs { Tone = Tone.Formal }, new TheArgs { Tone = Tone.@class }, new TheArgs { Tone = Tone.Casual }, new TheArgs { Wide = Wide.Most },
                new TheArgs { Text = "" }, new TheArgs { Text = "\ufffd\"\ufffd\\\u0001🎉\u2028" }, new TheArgs { Text = "\ud7ff\ue000\uffff\ufffe" }, new TheArgs { Text = new string('é', 200_000) },
                new TheArgs { Double = double.Epsilon }, new TheArgs { Double = double.MaxValue }, new TheArgs { Double = 0.1 + 0.2 }, new TheArgs { Double = -0.0 }, new TheArgs { Single = float.Epsilon }, new TheArgs { Single = float.MinValue },
                new TheArgs { Decimal = decimal.MinValue }, new TheArgs { Decimal = 1.10m }, new TheArgs { Decimal = 0.0000000000000000000000000001m },
                new TheArgs { Address = new("s") { City = "c" } }, new TheArgs { Address = new("", "") { City = "", Floor = -1 } },
                new TheArgs { Person = new() }, new TheArgs { Person = new() { Name = "n", Homes = [null, new("s") { City = "c" }] } },
                new TheArgs { Counter = new(5) { Step = 2 } }, new TheArgs { Point = default(Point) }, new TheArgs { Point = new(1, -1) }, new TheArgs { Loose = default(Loose) }, new TheArgs { Loose = new() { Text = "t" } },
                new TheArgs { Money = default(Money) }, new TheArgs { Money = new(1.5m) }, new TheArgs { Pairs = new(new(1, 2), null) }, new TheArgs { Texts = new("a", null) },
                new TheArgs { Dog = new("Rex", true) { Legs = 3 } }, new TheArgs { Trimmed = new(" a ") }, new TheArgs { Marked = new(1, 2) }, new TheArgs { Marked = new(1) { B = 0 } },
                new TheArgs { Array = [] }, new TheArgs { Array = [null, "", "a"] }, new TheArgs { Grid = [[], [1, int.MinValue]] }, new TheArgs { Lists = [null, [], ["a"]] },
                new TheArgs { Numbers = new List<int>() }, new TheArgs { Numbers = new HashSet<int> { 3, 1, 2 } }, new TheArgs { Numbers = System.Linq.Enumerable.Range(0, 50_000) }, new TheArgs { Prices = new Money?[] { null, new(1) } },
                new TheArgs { Ids = ImmutableArray<Guid>.Empty }, new TheArgs { Ids = [Guid.AllBitsSet] },
                new TheArgs { Counts = new() { [""] = null, ["a.b"] = 1, ["\ufffd\"é"] = 2, ["A"] = 3, ["a"] = 4 } }, new TheArgs { Places = new Dictionary<string, Dictionary<string, Address>> { ["x"] = new() { ["y"] = new("s") { City = "c" } } } },
            ];
        }

        """;

    [Fact]
    public async Task Every_kind_of_member_comes_back_as_it_was_at_its_edges()
    {
        var host = await ArgsProgram.StartAsync(Program);

        foreach (var args in (IEnumerable<object>)ArgsProgram.Call(host, "App.Edges", "All"))
            Assert.Equal(ArgsProgram.Describe(args), ArgsProgram.Describe(await ArgsProgram.RoundTripAsync(host, args)));
    }

    [Fact]
    public async Task A_time_with_an_offset_is_read_as_the_same_instant_in_UTC()
    {
        var host = await ArgsProgram.StartAsync(Program);

        var (_, lines) = await host.PerformAsync("App.W", """{"at": "2030-01-31T12:00:00.5+02:00"}""");

        Assert.Equal(
            ArgsProgram.Describe(new DateTime(2030, 1, 31, 10, 0, 0, 500, DateTimeKind.Utc)),
            ArgsProgram.Describe(lines[0]!.GetType().GetProperty("At")!.GetValue(lines[0])));
    }

    [Fact]
    public async Task Of_a_key_that_comes_twice_the_last_value_counts_at_every_depth()
    {
        var host = await ArgsProgram.StartAsync(Program);

        var (_, lines) = await host.PerformAsync("App.W", """{"counts": {"a": 1, "a": 2}, "address": {"street": "x", "city": "c", "street": "y"}}""");

        Assert.Contains("Street = \"y\"", ArgsProgram.Describe(lines[0]), StringComparison.Ordinal);
        Assert.Contains("{\"a\": Int32 2}", ArgsProgram.Describe(lines[0]), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_parameter_that_is_ignored_leaves_those_behind_it_in_their_places()
    {
        var host = await ArgsProgram.StartAsync("public sealed record TheArgs(int A, [property: JsonIgnore] int B = 1, int C = 2, [property: JsonIgnore(Condition = JsonIgnoreCondition.Never)] int D = 3);\n");

        var job = host.New("App.W", host.Make("App.TheArgs", 10, 20, 30, 40));
        var (_, lines) = await host.PerformAsync("App.W", job.Args);

        Assert.Equal("""{"a":10,"c":30,"d":40}""", Encoding.UTF8.GetString(job.Args.Span));
        Assert.Equal([host.Make("App.TheArgs", 10, 1, 30, 40)], lines);
    }

    [Fact]
    public async Task Keys_may_be_any_text_that_jsonb_can_hold()
    {
        var host = await ArgsProgram.StartAsync("""
            public sealed record TheArgs([property: JsonPropertyName("a b")] int X, [property: JsonPropertyName("\"q\" <&> \u2028 */ é 🎉 \u0085")] int Y, [property: JsonPropertyName("\ufffd")] int Z,
                [property: JsonPropertyName("{0}")] int V, [property: JsonPropertyName("\\")] int W, [property: JsonPropertyName("x\ny")] string U);

            """);
        var args = host.Make("App.TheArgs", 1, 2, 3, 4, 5, "six");

        Assert.Equal(args, await ArgsProgram.RoundTripAsync(host, args));
    }

    [Fact]
    public async Task A_record_that_leads_back_to_itself_is_left_to_its_context_as_a_whole()
    {
        var host = await ArgsProgram.StartAsync("""
            public sealed record Node(int X, Node? Next);
            public sealed record TheArgs(Node Node);
            [JsonSerializable(typeof(Node))] internal sealed partial class NodeJson : JsonSerializerContext;
            public static class Make { public static object Some() => new TheArgs(new Node(1, new Node(2, null))); }

            """);
        var args = ArgsProgram.Call(host, "App.Make", "Some");

        var job = host.New("App.W", args);

        Assert.Equal("""{"node":{"X":1,"Next":{"X":2,"Next":null}}}""", Encoding.UTF8.GetString(job.Args.Span));
        Assert.Equal(args, await ArgsProgram.RoundTripAsync(host, args));
    }

    [Fact]
    public async Task A_list_of_the_args_themselves_is_left_to_its_context()
    {
        var host = await ArgsProgram.StartAsync("""
            public sealed record TheArgs(int X, List<TheArgs> Inner);
            [JsonSerializable(typeof(List<TheArgs>))] internal sealed partial class ArgsContext : JsonSerializerContext;
            public static class Make { public static object Some() => new TheArgs(1, [new TheArgs(2, [])]); }

            """);
        var args = ArgsProgram.Call(host, "App.Make", "Some");

        Assert.Equal(ArgsProgram.Describe(args), ArgsProgram.Describe(await ArgsProgram.RoundTripAsync(host, args)));
    }

    [Fact]
    public async Task A_property_that_throws_leaves_the_next_enqueue_unharmed()
    {
        var host = await ArgsProgram.StartAsync("""
            public sealed record TheArgs(int X) { public string Y { get => X > 0 ? "y" : throw new FormatException("no"); init { } } }

            """);

        var thrown = Assert.Throws<System.Reflection.TargetInvocationException>(() => host.New("App.W", host.Make("App.TheArgs", 0)));

        Assert.IsType<FormatException>(thrown.InnerException);
        Assert.Equal("""{"x":1,"y":"y"}""", Encoding.UTF8.GetString(host.New("App.W", host.Make("App.TheArgs", 1)).Args.Span));
    }
}
