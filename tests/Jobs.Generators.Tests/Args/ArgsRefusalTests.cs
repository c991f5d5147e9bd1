using System.Globalization;

namespace Jobs.Generators.Tests;

/// <summary>What <c>New</c> refuses, because it would come back as something else or not at all.</summary>
public class ArgsRefusalTests
{
    const string NotNull = "is null, though its type says that it is not. Give it a value, or make it nullable.";
    const string Nul = "has a NUL character (\\u0000) at position 1, which PostgreSQL's jsonb cannot hold. Remove it before you enqueue.";
    const string Half = "has half of a surrogate pair at position 1: the text was cut inside a character. Cut it at a character's end.";
    const string HalfInJson = "Json has half of a surrogate pair in a text: it was cut inside a character. Cut it at a character's end.";
    const string TwoKeys = "has an object with the same key twice, and jsonb keeps one. Leave one out.";
    const string ManyDigits = "has a number of more than 1000 digits, which PostgreSQL would write out in full. Store it as a string.";
    const string TooDeep = "is nested so deeply that the args have more than 64 levels, and no job could read them.";
    const string NoName = "holds a value that its enum has no name for; enums are stored by their names. Declare a member with that value.";
    const string AnotherUri = "Link is a URI that would read back as another one. Make the member a string.";

    /// <summary>What is given, as a change of args that can be stored; and what is said.</summary>
    static readonly (string Change, string Message)[] Cases =
    [
        ("Text = null!", $"Text {NotNull}"),
        ("Text = \"a\\0\"", $"Text {Nul}"),
        ("Text = \"a\\ud800\"", $"Text {Half}"),
        ("Text = \"a\\udc00\\ud800\"", $"Text {Half}"),
        ("Tags = null!", $"Tags {NotNull}"),
        ("Tags = [\"\", null!]", $"Tags[…] {NotNull}"),
        ("Tags = [\"a\\0\"]", $"Tags[…] {Nul}"),
        ("Notes = [\"a\\ud800\"]", $"Notes[…] {Half}"),
        ("Grid = [[\"\"], [null!]]", $"Grid[…][…] {NotNull}"),
        ("Grid = [null!]", $"Grid[…] {NotNull}"),
        ("Bytes = null!", $"Bytes {NotNull}"),
        ("Link = null!", $"Link {NotNull}"),
        ("Address = null!", $"Address {NotNull}"),
        ("Address = new(null!)", $"Address.Street {NotNull}"),
        ("Address = new(\"a\\0\")", $"Address.Street {Nul}"),
        ("Homes = [new(\"\"), null!]", $"Homes[…] {NotNull}"),
        ("Homes = [new(null!)]", $"Address.Street {NotNull}"),
        ("Fee = default", $"Money.Currency {NotNull}"),
        ("Places = new() { [\"x\"] = [null!] }", $"Places[…][…] {NotNull}"),
        ("Names = new() { [\"x\"] = null! }", $"Names[…] {NotNull}"),
        ("Names = new() { [\"a\\0\"] = \"\" }", $"A key of Names {Nul}"),
        ("Names = new() { [\"a\\ud800\"] = \"\" }", $"A key of Names {Half}"),
        ("Ids = default", "Ids is a default ImmutableArray, which is none. Give it a value such as [], or make it nullable."),
        ("MaybeIds = default(ImmutableArray<int>)", "MaybeIds is a default ImmutableArray, which is none. Give it a value such as [], or make it nullable."),
        ("At = DateTime.Now", "At is a DateTime of kind Local, which another machine would take for another instant. Use DateTime.UtcNow or ToUniversalTime(), or make the member a DateTimeOffset."),
        ("Times = [DateTime.UtcNow, DateTime.Now]", "Times[…] is a DateTime of kind Local, which another machine would take for another instant. Use DateTime.UtcNow or ToUniversalTime(), or make the member a DateTimeOffset."),
        ("Animal = new Dog(\"Rex\", true)", "Animal holds a App.Dog, derived from App.Animal: only the members of App.Animal would be stored. Seal App.Animal, or store one of itself."),
        ("Animals = [new Animal(\"a\"), new Dog(\"Rex\", true)]", "Animals[…] holds a App.Dog, derived from App.Animal: only the members of App.Animal would be stored. Seal App.Animal, or store one of itself."),
        ("Number = double.NaN", "Number is NaN or infinite, which JSON cannot hold. Make the member nullable, or leave the job out."),
        ("Days = (Days)4", $"Days {NoName}"),
        ("Days = Days.Monday | (Days)64", $"Days {NoName}"),
        ("Tones = [(Tone)7]", $"Tones[…] {NoName}"),
        ("Json = default(JsonElement)", "Json is an undefined JsonElement. Give it a value, or make it nullable."),
        ("Json = Json(\"{\\\"a\\\": 1, \\\"\\\\u0061\\\": 2}\")", $"Json {TwoKeys}"),
        ("Json = Json(\"[{\\\"x\\\": {\\\"a\\\": 1, \\\"a\\\": 1}}]\")", $"Json {TwoKeys}"),
        ("Json = Json(\"\\\"a\\\\u0000\\\"\")", $"Json {Nul}"),
        ("Json = Json(\"{\\\"a\\\\u0000\\\": 1}\")", $"Json {Nul}"),
        ("Json = Json(\"\\\"\\\\ud800\\\"\")", HalfInJson),
        ("Json = Json(\"{\\\"\\\\ud800\\\": 1}\")", HalfInJson),
        ("Json = Json(\"1e5000\")", $"Json {ManyDigits}"),
        ("Json = Json(\"-1e-5000\")", $"Json {ManyDigits}"),
        ("Json = Json(\"1e99999999999999999999\")", $"Json {ManyDigits}"),
        ("Json = Json(\"1\" + new string('0', 1000))", $"Json {ManyDigits}"),
        ("Json = Json(\"0.\" + new string('1', 999))", $"Json {ManyDigits}"),
        ("Json = Json(new string('[', 64) + new string(']', 64))", $"Json {TooDeep}"),
        ("Link = new Uri(\"x\\ud800\", UriKind.Relative)", "Link has half of a surrogate pair at position 1: the text was cut inside a character. Cut it at a character's end."),
        ("Link = new Uri(\"http://a/%2e%2e/b\", new UriCreationOptions { DangerousDisablePathAndQueryCanonicalization = true })", AnotherUri),
        ("Link = new Uri(\"/a\\ud800\")", "Link has half of a surrogate pair at position 2: the text was cut inside a character. Cut it at a character's end."),
        ("Custom = [new(Json(\"{\\\"a\\\": 1, \\\"a\\\": 2}\"), \"\")]", $"Custom {TwoKeys}"),
        ("Custom = [new(Json(\"1e5000\"), \"\")]", $"Custom {ManyDigits}"),
        ("Custom = [new(Json(new string('[', 63) + new string(']', 63)), \"\")]", "The args are nested deeper than 64 levels, which nothing would read again."),
        ("Custom = [new(Json(\"\\\"\\\\u0000\\\"\"), \"\")]", "Custom has a NUL character (\\u0000) in a text, which PostgreSQL's jsonb cannot hold. Remove it before you enqueue."),
        ("Custom = [new(Json(\"1\"), \"\\\"\\0\")]", "Custom has a NUL character (\\u0000) in a text, which PostgreSQL's jsonb cannot hold. Remove it before you enqueue."),
        ("Custom = [new(Json(\"1\"), \"a\\ufffd\\ud800\")]", "Custom has half of a surrogate pair in a text, which PostgreSQL's jsonb cannot hold. Remove it before you enqueue."),
        ("Custom = [new(Json(\"{\\\"\\\\ud800\\\": 1}\"), \"\")]", "Custom could not be written by App.CustomJson."),
        ("Raw = [new Raw(\"\\\"\\\\u0000\\\"\")]", "Raw has a NUL character (\\u0000) at position 0, which PostgreSQL's jsonb cannot hold. Remove it before you enqueue."),
        ("Raw = [new Raw(\"\\\"\\\\ud800\\\"\")]", "Raw has half of a surrogate pair in a text: it was cut inside a character. Cut it at a character's end."),
    ];

    static readonly string Program = $$"""
        [Flags] public enum Days { None = 0, Monday = 1 }
        public enum Tone { Formal }
        public sealed record Address(string Street);
        public record Animal(string Name);
        public sealed record Dog(string Name, bool IsGood) : Animal(Name);
        public record struct Money(decimal Amount, string Currency);
        public sealed record Custom(JsonElement Json, string Text);
        public sealed record Raw(string Json);
        public sealed class RawConverter : JsonConverter<Raw>
        {
            public override Raw Read(ref Utf8JsonReader reader, Type type, JsonSerializerOptions options) => new(JsonDocument.ParseValue(ref reader).RootElement.GetRawText());
            public override void Write(Utf8JsonWriter writer, Raw value, JsonSerializerOptions options) => writer.WriteRawValue(value.Json);
        }
        [JsonSourceGenerationOptions(Converters = [typeof(RawConverter)]), JsonSerializable(typeof(HashSet<Custom>)), JsonSerializable(typeof(HashSet<Raw>))]
        internal sealed partial class CustomJson : JsonSerializerContext;
        public sealed record TheArgs(string Text)
        {
            public List<string> Tags { get; init; } = [];
            public string?[] Notes { get; init; } = [];
            public List<List<string>> Grid { get; init; } = [];
            public byte[] Bytes { get; init; } = [];
            public Uri Link { get; init; } = new("https://example.com/");
            public Address Address { get; init; } = new("s");
            public Address[] Homes { get; init; } = [];
            public Money Fee { get; init; } = new(1, "EUR");
            public Dictionary<string, List<Address>> Places { get; init; } = [];
            public Dictionary<string, string> Names { get; init; } = [];
            public ImmutableArray<int> Ids { get; init; } = [];
            public ImmutableArray<int>? MaybeIds { get; init; }
            public DateTime At { get; init; }
            public List<DateTime> Times { get; init; } = [];
            public Animal Animal { get; init; } = new("a");
            public List<Animal> Animals { get; init; } = [];
            public double Number { get; init; }
            public Days Days { get; init; }
            public List<Tone> Tones { get; init; } = [];
            public JsonElement Json { get; init; } = JsonDocument.Parse("1").RootElement;
            public HashSet<Custom> Custom { get; init; } = [];
            public HashSet<Raw> Raw { get; init; } = [];
        }

        public static class Cases
        {
            static JsonElement Json(string json) => JsonDocument.Parse(json, new JsonDocumentOptions { MaxDepth = 1000 }).RootElement;
            public static TheArgs Good() => new TheArgs("") with { Raw = [new("{\"a\":\"\ufffd\\\"\"}")], Custom = [new(Json("\"\\ufffd\\\"\\u0001\""), "\ufffd\"\ufffd\n")] };
            {{string.Concat(Cases.Select((one, i) => string.Create(CultureInfo.InvariantCulture, $"public static TheArgs Case{i}() => Good() with {{ {one.Change} }};\n")))}}
        }

        """;

    public static TheoryData<string> Changes => [.. Cases.Select(one => one.Change)];

    [Theory, MemberData(nameof(Changes))]
    public async Task What_would_not_come_back_is_refused_with_the_member_and_what_to_do(string change)
    {
        var host = await ArgsProgram.StartAsync(Program);
        var index = Array.FindIndex(Cases, one => one.Change == change);

        var args = ArgsProgram.Call(host, "App.Cases", string.Create(CultureInfo.InvariantCulture, $"Case{index}"));

        Assert.Equal(Cases[index].Message, Assert.Throws<InvalidArgsException>(() => host.New("App.W", args)).Message);
    }

    [Fact]
    public async Task The_args_that_the_refused_ones_differ_from_are_stored_replacement_characters_and_all()
    {
        var host = await ArgsProgram.StartAsync(Program);
        var args = ArgsProgram.Call(host, "App.Cases", "Good");

        Assert.Equal(ArgsProgram.Describe(args), ArgsProgram.Describe(await ArgsProgram.RoundTripAsync(host, args)));
    }

    [Fact]
    public async Task A_refused_enqueue_leaves_the_next_one_unharmed()
    {
        var host = await ArgsProgram.StartAsync(Program);
        var good = ArgsProgram.Call(host, "App.Cases", "Good");
        var before = host.New("App.W", good).Args.ToArray();

        Assert.Throws<InvalidArgsException>(() => host.New("App.W", ArgsProgram.Call(host, "App.Cases", "Case5")));

        Assert.Equal(before, host.New("App.W", good).Args.ToArray());
    }
}
