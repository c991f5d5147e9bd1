using System.ComponentModel;
using System.Text.Json;

namespace Jobs.Generated;

/// <summary>Writes JSON that a member holds as it is.</summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public static class ArgsElement
{
    // PostgreSQL's numeric: 131,072 digits before the point and 16,383 behind it. This stays far inside, so that one number stays small.
    const int MostDigits = 1000;

    /// <summary>Writes <paramref name="element"/>.</summary>
    /// <exception cref="InvalidArgsException">
    /// It is undefined, has a key twice, is nested too deeply, or has text or a number that jsonb cannot hold.
    /// </exception>
    public static void Write(Utf8JsonWriter json, JsonElement element, string member)
    {
        ArgumentNullException.ThrowIfNull(json);
        switch (element.ValueKind)
        {
            case JsonValueKind.Object:
                WriteObject(json, element, member);
                break;
            case JsonValueKind.Array:
                CheckDepth(json, member);
                json.WriteStartArray();
                foreach (var item in element.EnumerateArray())
                    Write(json, item, member);
                json.WriteEndArray();
                break;
            case JsonValueKind.String:
                json.WriteStringValue(ArgsText.Check(Text(element, member), member));
                break;
            case JsonValueKind.Number:
                WriteNumber(json, element, member);
                break;
            case JsonValueKind.True or JsonValueKind.False:
                json.WriteBooleanValue(element.ValueKind == JsonValueKind.True);
                break;
            case JsonValueKind.Null:
                json.WriteNullValue();
                break;
            default:
                throw new InvalidArgsException($"{member} is an undefined JsonElement. Give it a value, or make it nullable.");
        }
    }

    static void WriteObject(Utf8JsonWriter json, JsonElement element, string member)
    {
        CheckDepth(json, member);
        var keys = new HashSet<string>(StringComparer.Ordinal);
        json.WriteStartObject();
        foreach (var property in element.EnumerateObject())
        {
            var key = ArgsText.Check(Key(property, member), member);
            if (!keys.Add(key))
                throw new InvalidArgsException($"{member} has an object with the same key twice, and jsonb keeps one. Leave one out.");
            json.WritePropertyName(key);
            Write(json, property.Value, member);
        }

        json.WriteEndObject();
    }

    static void CheckDepth(Utf8JsonWriter json, string member)
    {
        if (json.CurrentDepth >= ArgsReader.MaxDepth)
            throw new InvalidArgsException($"{member} is nested so deeply that the args have more than {ArgsReader.MaxDepth} levels, and no job could read them.");
    }

    static void WriteNumber(Utf8JsonWriter json, JsonElement element, string member)
    {
        var text = element.GetRawText();
        var e = text.AsSpan().IndexOfAny('e', 'E');
        var exponent = 0;
        if (text.Length > MostDigits || (e >= 0 && !int.TryParse(text.AsSpan(e + 1), System.Globalization.NumberStyles.AllowLeadingSign, System.Globalization.CultureInfo.InvariantCulture, out exponent)) ||
            exponent is < -MostDigits or > MostDigits)
            throw new InvalidArgsException($"{member} has a number of more than {MostDigits} digits, which PostgreSQL would write out in full. Store it as a string.");
        json.WriteRawValue(text);
    }

    static string Text(JsonElement element, string member)
    {
        try
        {
            return element.GetString()!;
        }
        catch (InvalidOperationException)
        {
            throw NoText(member);
        }
    }

    static string Key(JsonProperty property, string member)
    {
        try
        {
            return property.Name;
        }
        catch (InvalidOperationException)
        {
            throw NoText(member);
        }
    }

    static InvalidArgsException NoText(string member) =>
        new($"{member} has half of a surrogate pair in a text: it was cut inside a character. Cut it at a character's end.");
}
