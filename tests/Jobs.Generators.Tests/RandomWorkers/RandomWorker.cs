using System.Text.Json;

namespace Jobs.Generators.Tests.RandomWorkers;

/// <summary>A worker as plain data.</summary>
/// <param name="Records">What its perform methods take, in the order of the methods.</param>
/// <param name="ValueSeed">From which the values are made that it is tried with.</param>
sealed record RandomWorker(IReadOnlyList<ArgsRecord> Records, int ValueSeed);

/// <summary>An args record.</summary>
sealed record ArgsRecord(IReadOnlyList<Member> Members, IReadOnlyList<Constant> Constants)
{
    public IEnumerable<Member> Stored => Members.Where(member => member.Role is Role.Stored);

    /// <summary>The keys of what is stored; one comes twice where the record is wrong.</summary>
    public IEnumerable<string> Keys => Constants.Select(constant => constant.Key).Concat(Stored.Select(member => member.Key));
}

/// <summary>A <c>[Matches]</c> constant.</summary>
/// <param name="Key">Its key.</param>
/// <param name="Json">A text, a whole number or a bool.</param>
sealed record Constant(string Key, string Json)
{
    public JsonElement Value { get; } = JsonDocument.Parse(Json).RootElement.Clone();
}

/// <summary>A member of an args record, or of a record inside one.</summary>
/// <param name="Name">As C# has it.</param>
/// <param name="Key">As JSON has it.</param>
/// <param name="IsRenamed">Whether only <c>[JsonPropertyName]</c> makes the key of the name.</param>
/// <param name="Type">Its type.</param>
/// <param name="Place">Where it stands.</param>
/// <param name="Role">What it is there for.</param>
/// <param name="IsJsonRequired">Whether it is marked <c>[JsonRequired]</c>.</param>
sealed record Member(string Name, string Key, bool IsRenamed, MemberType Type, Place Place, Role Role, bool IsJsonRequired)
{
    public string PlainName => Name.TrimStart('@');

    /// <summary>Whether C# lets a record be made without it.</summary>
    public bool HasDefault => Place is not (Place.Positional or Place.Required);

    /// <summary>Whether JSON without the key fits.</summary>
    public bool IsOptional => !IsJsonRequired && Place is not Place.Required && (HasDefault || Type.IsNullable);
}

enum Place
{
    Init,
    InitWithValue,
    Set,
    Positional,
    PositionalWithDefault,
    Required,
}

enum Role
{
    Stored,
    Ignored,
    FromBatch,
}

/// <summary>A type with or without a question mark.</summary>
sealed record MemberType(Form Form, bool IsNullable);

/// <summary>What a value is.</summary>
abstract record Form;

/// <summary>A value that a type of the framework or of <see cref="App"/> has.</summary>
/// <param name="Name">The type in C#.</param>
/// <param name="Type">The type.</param>
/// <param name="Constant">A compile-time constant of it, if there are any but the default.</param>
/// <param name="Example">Another expression of it.</param>
/// <param name="NeedsContext">Whether only a serializer context can store it.</param>
sealed record Plain(string Name, Type Type, string? Constant, string Example, bool NeedsContext = false) : Form
{
    public static IReadOnlyList<Plain> Frequent { get; } =
    [
        new("int", typeof(int), "7", "int.MinValue"),
        new("string", typeof(string), "\"d\\\"\\u00e9\"", "\"none\""),
        new("bool", typeof(bool), "true", "true"),
        new("One", typeof(App.One), "One.X", "One.X"),
        new("Colour", typeof(App.Colour), "Colour.Green", "Colour.Blue"),
    ];

    public static IReadOnlyList<Plain> Rare { get; } =
    [
        new("byte", typeof(byte), "255", "9"),
        new("sbyte", typeof(sbyte), "-128", "9"),
        new("short", typeof(short), "-5", "9"),
        new("ushort", typeof(ushort), "5", "9"),
        new("uint", typeof(uint), "4000000000", "9"),
        new("long", typeof(long), "long.MinValue", "9"),
        new("ulong", typeof(ulong), "ulong.MaxValue", "9"),
        new("float", typeof(float), "0.1f", "float.MaxValue"),
        new("double", typeof(double), "-1e-7", "double.Epsilon"),
        new("decimal", typeof(decimal), "1.10m", "decimal.MinValue"),
        new("Guid", typeof(Guid), null, "new Guid(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11)"),
        new("DateTimeOffset", typeof(DateTimeOffset), null, "DateTimeOffset.UnixEpoch"),
        new("DateTime", typeof(DateTime), null, "DateTime.UnixEpoch"),
        new("DateOnly", typeof(DateOnly), null, "new DateOnly(2030, 1, 31)"),
        new("TimeOnly", typeof(TimeOnly), null, "new TimeOnly(23, 59)"),
        new("TimeSpan", typeof(TimeSpan), null, "TimeSpan.FromHours(30)"),
        new("Uri", typeof(Uri), null, "new Uri(\"a/b\", UriKind.Relative)"),
        new("byte[]", typeof(byte[]), null, "[1, 2, 3]"),
        new("JsonElement", typeof(JsonElement), null, "JsonDocument.Parse(\"[1]\").RootElement.Clone()"),
        new("Days", typeof(App.Days), "Days.Monday | Days.Friday", "Days.Weekend"),
        new("Tone", typeof(App.Tone), "Tone.Casual", "Tone.Formal"),
        new("Anything", typeof(App.Anything), null, "new Anything(JsonDocument.Parse(\"{}\").RootElement.Clone())", NeedsContext: true),
        new("HashSet<int>", typeof(HashSet<int>), null, "new HashSet<int> { 1 }", NeedsContext: true),
        new("Figure", typeof(App.Figure), null, "new Circle(1)", NeedsContext: true),
        new("Version", typeof(Version), null, "new Version(1, 2)", NeedsContext: true),
    ];

    public bool CanBeFromBatch => Type == typeof(string) || Type == typeof(int) || Type == typeof(long);
}

/// <summary>A list, an array or a dictionary.</summary>
/// <param name="Name">The type in C#, with a hole for its items.</param>
/// <param name="Items">What it holds.</param>
sealed record Many(string Name, MemberType Items) : Form
{
    public static IReadOnlyList<string> Names { get; } =
    [
        "List<{0}>", "{0}[]", "Dictionary<string, {0}>", "ImmutableArray<{0}>", "IReadOnlyList<{0}>", "IReadOnlyDictionary<string, {0}>",
        "IEnumerable<{0}>", "IList<{0}>", "ICollection<{0}>", "IReadOnlyCollection<{0}>", "IDictionary<string, {0}>",
    ];
}

/// <summary>A record, class or struct of the program.</summary>
/// <param name="Keyword">What declares it.</param>
/// <param name="Members">Its members.</param>
sealed record Inner(string Keyword, IReadOnlyList<Member> Members) : Form
{
    public static IReadOnlyList<string> Keywords { get; } =
        ["sealed record", "record", "sealed class", "class", "record struct", "readonly record struct", "struct"];
}
