using System.Buffers;
using System.Globalization;
using System.Text.Json;

namespace Jobs.Generated;

/// <summary>Holds args and outputs to a size, counted as jsonb gives them back: <c>1e300</c> is 5 bytes when it is written, and 301 when it is read.</summary>
static class ArgsSize
{
    /// <summary>How many bytes the args of a job may have, and its output: 1 MiB. The store reads no more args.</summary>
    public const int Largest = 1024 * 1024;

    // Of PostgreSQL's numeric, which jsonb keeps numbers as.
    const int MostDigits = 131_072;
    const int MostDecimals = 16_383;

    static readonly SearchValues<byte> Exponents = SearchValues.Create("eE"u8);

    /// <summary>Refuses args that are too large.</summary>
    /// <exception cref="InvalidArgsException">They are larger than <see cref="Largest"/>, or hold a number that jsonb cannot hold.</exception>
    public static void Check(ReadOnlySpan<byte> args)
    {
        // jsonb puts a space behind each comma and colon, so that without exponents nothing doubles.
        if (args.Length <= Largest / 2 && !MayHaveExponent(args))
            return;

        var size = MeasureArgs(args);
        if (size > Largest)
        {
            throw new InvalidArgsException(string.Create(
                CultureInfo.InvariantCulture,
                $"The args are {size:N0} bytes as jsonb reads them back, more than the {Largest:N0} that a job may have. Keep the data elsewhere, and enqueue where it is."));
        }
    }

    // In text too, which then is measured in vain.
    static bool MayHaveExponent(ReadOnlySpan<byte> args)
    {
        for (int i; (i = args.IndexOfAny(Exponents)) >= 0; args = args[(i + 1)..])
        {
            if (i > 0 && i + 1 < args.Length && char.IsAsciiDigit((char)args[i - 1]) && (char)args[i + 1] is '+' or '-' or (>= '0' and <= '9'))
                return true;
        }

        return false;
    }

    static long MeasureArgs(ReadOnlySpan<byte> args)
    {
        try
        {
            return Measure(args);
        }
        catch (JsonException)
        {
            throw new InvalidArgsException("The args are no valid JSON. Does a converter write raw text?");
        }
        catch (OverflowException exception)
        {
            throw new InvalidArgsException($"The args hold {exception.Message}");
        }
    }

    /// <summary>How many bytes the JSON has as jsonb reads it back.</summary>
    /// <exception cref="JsonException">It is no JSON.</exception>
    /// <exception cref="OverflowException">It holds a number that jsonb cannot hold; the message is the end of a sentence that says so.</exception>
    public static long Measure(ReadOnlySpan<byte> utf8)
    {
        long size = utf8.Length;
        var json = new Utf8JsonReader(utf8);
        for (var before = JsonTokenType.None; json.Read(); before = json.TokenType)
        {
            if (json.TokenType == JsonTokenType.Number)
                size += SizeOf(json.ValueSpan) - json.ValueSpan.Length;
            if (json.TokenType == JsonTokenType.PropertyName)
                size++;
            if (IsAfterComma(before, json.TokenType))
                size++;
        }

        return size;
    }

    static bool IsAfterComma(JsonTokenType before, JsonTokenType token) =>
        token is not (JsonTokenType.EndArray or JsonTokenType.EndObject) &&
        before is not (JsonTokenType.None or JsonTokenType.StartArray or JsonTokenType.StartObject or JsonTokenType.PropertyName);

    static long SizeOf(ReadOnlySpan<byte> number)
    {
        var mantissa = number.IndexOfAny(Exponents) is >= 0 and var end ? number[..end] : number;
        var sign = mantissa[0] == (byte)'-' ? 1 : 0;
        var point = mantissa.IndexOf((byte)'.');
        var exponent = ExponentOf(number[mantissa.Length..]);
        var digits = (point < 0 ? mantissa.Length : point) - sign + exponent;
        var decimals = Math.Max(0, (point < 0 ? 0 : mantissa.Length - point - 1) - exponent);
        if (digits > MostDigits || decimals > MostDecimals)
        {
            throw new OverflowException(string.Create(
                CultureInfo.InvariantCulture,
                $"a number that jsonb cannot hold: it has room for {MostDigits:N0} digits before the point, and {MostDecimals:N0} behind it."));
        }

        return sign + Math.Max(1, digits) + (decimals > 0 ? 1 + decimals : 0);
    }

    // Of more digits than an int has no more than that it is out of range is of interest.
    static long ExponentOf(ReadOnlySpan<byte> part) =>
        part.IsEmpty ? 0 :
        int.TryParse(part[1..], NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var exponent) ? exponent :
        part[1] == (byte)'-' ? int.MinValue : int.MaxValue;
}
