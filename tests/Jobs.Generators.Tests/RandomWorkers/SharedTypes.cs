using System.Text.Json;
using System.Text.Json.Serialization;

namespace App;

// Compiled into each random program, which names these types, and into the tests, which ask the real serializer what they are stored as.

public enum Colour
{
    Red,
    Green,
    Crimson = Red,
    Blue = -7,
}

[Flags]
public enum Days : byte
{
    None = 0,
    Monday = 1,
    Tuesday = 2,
    Friday = 16,
    Weekend = 64 | 32,
}

public enum Tone : ulong
{
    [JsonStringEnumMemberName("very formal")]
    Formal = ulong.MaxValue,
    Casual = 3,
}

/// <summary>Of a member of this type everything that is stored is a constant.</summary>
public enum One
{
    X,
}

[JsonDerivedType(typeof(Circle), "circle")]
[JsonDerivedType(typeof(Square), "square")]
public abstract record Figure;

public sealed record Circle(double Radius) : Figure;

public sealed record Square(int Side, string? Label) : Figure;

/// <summary>A type of which only its converter knows what it is stored as: any JSON, in fact.</summary>
[JsonConverter(typeof(AnythingConverter))]
public sealed record Anything(JsonElement Json);

public sealed class AnythingConverter : JsonConverter<Anything>
{
    public override Anything Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) => new(JsonElement.ParseValue(ref reader));

    public override void Write(Utf8JsonWriter writer, Anything value, JsonSerializerOptions options) => value.Json.WriteTo(writer);
}

[JsonSerializable(typeof(HashSet<int>))]
[JsonSerializable(typeof(Figure))]
[JsonSerializable(typeof(Anything))]
[JsonSerializable(typeof(Version))]
public sealed partial class SharedJson : JsonSerializerContext;
