using System.Globalization;
using System.Numerics;
using System.Text;
using System.Text.Json;

namespace Jobs.Generators.Tests.RandomWorkers;

/// <summary>
/// JSON as PostgreSQL's <c>jsonb</c> gives it back: the keys by length and then by bytes, of one that comes twice the last, numbers written
/// out without exponents, no more escapes than JSON asks for, and a space behind each colon and comma.
/// </summary>
static class Jsonb
{
    static readonly Comparer<byte[]> LengthThenBytes = Comparer<byte[]>.Create(static (one, other) =>
        one.Length != other.Length ? one.Length.CompareTo(other.Length) : one.AsSpan().SequenceCompareTo(other));

    public static byte[] Of(ReadOnlyMemory<byte> json)
    {
        using var document = JsonDocument.Parse(json);
        return Encoding.UTF8.GetBytes(Of(document.RootElement));
    }

    public static string Of(JsonElement element)
    {
        var text = new StringBuilder();
        Append(text, element);
        return text.ToString();
    }

    static void Append(StringBuilder text, JsonElement element)
    {
        switch (element.ValueKind)
        {
            case JsonValueKind.Object:
                AppendObject(text, element);
                break;
            case JsonValueKind.Array:
                text.Append('[');
                foreach (var item in element.EnumerateArray())
                {
                    Append(text, item);
                    text.Append(", ");
                }

                text.Length -= element.GetArrayLength() > 0 ? 2 : 0;
                text.Append(']');
                break;
            case JsonValueKind.String:
                AppendText(text, element.GetString()!);
                break;
            case JsonValueKind.Number:
                text.Append(Number(element.GetRawText()));
                break;
            default:
                text.Append(element.GetRawText());
                break;
        }
    }

    static void AppendObject(StringBuilder text, JsonElement element)
    {
        var last = new Dictionary<string, JsonElement>(StringComparer.Ordinal);
        foreach (var property in element.EnumerateObject())
            last[property.Name] = property.Value;
        text.Append('{');
        foreach (var (key, value) in last.OrderBy(pair => Encoding.UTF8.GetBytes(pair.Key), LengthThenBytes))
        {
            AppendText(text, key);
            text.Append(": ");
            Append(text, value);
            text.Append(", ");
        }

        text.Length -= last.Count > 0 ? 2 : 0;
        text.Append('}');
    }

    static void AppendText(StringBuilder text, string value)
    {
        text.Append('"');
        foreach (var c in value)
        {
            text.Append(c switch
            {
                '"' => "\\\"",
                '\\' => "\\\\",
                '\b' => "\\b",
                '\f' => "\\f",
                '\n' => "\\n",
                '\r' => "\\r",
                '\t' => "\\t",
                < ' ' => string.Create(CultureInfo.InvariantCulture, $"\\u{(int)c:x4}"),
                _ => c.ToString(),
            });
        }

        text.Append('"');
    }

    /// <summary><c>1.50E+3</c> as <c>1500</c>, and <c>-0</c> as <c>0</c>.</summary>
    static string Number(string json)
    {
        var e = json.IndexOfAny(['e', 'E']);
        var exponent = e < 0 ? 0 : int.Parse(json.AsSpan(e + 1), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture);
        var mantissa = e < 0 ? json : json[..e];
        var point = mantissa.IndexOf('.', StringComparison.Ordinal);
        var scale = (point < 0 ? 0 : mantissa.Length - point - 1) - exponent;
        var digits = BigInteger.Parse(mantissa.Replace(".", "", StringComparison.Ordinal), CultureInfo.InvariantCulture);
        if (scale <= 0)
            return (digits * BigInteger.Pow(10, -scale)).ToString(CultureInfo.InvariantCulture);
        var text = BigInteger.Abs(digits).ToString(CultureInfo.InvariantCulture).PadLeft(scale + 1, '0');
        return $"{(digits.Sign < 0 ? "-" : "")}{text[..^scale]}.{text[^scale..]}";
    }
}
