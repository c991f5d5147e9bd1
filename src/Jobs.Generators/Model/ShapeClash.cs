using System.Globalization;
using static Jobs.Generators.Text.JsonText;

namespace Jobs.Generators.Model;

/// <summary>Why the dispatch cannot tell two shapes apart, and what would let it.</summary>
sealed record ShapeClash(string Why, string Advice)
{
    const string LocalTime = "yyyy-MM-dd'T'HH:mm:ss.FFFFFFF";
    const string Instant = LocalTime + "zzz";

    /// <summary>Finds whether something that one of the two stores would, or could, be dispatched to the other.</summary>
    public static ShapeClash? Find(ArgsShape first, ArgsShape second)
    {
        if (!CouldTake(first, second) && !CouldTake(second, first))
            return null;

        if (first.Callback is { } callback && callback == second.Callback)
            return new ShapeClash(
                $"both are the callback {callback}, and what metadata a batch has does not say which.",
                "Keep one, with a nullable type where a batch may have no metadata.");
        if (Captured(first, second) is { } captured)
            return captured;
        var keys = new HashSet<string>(first.Keys, StringComparer.Ordinal);
        return new ShapeClash(
            keys.Count == 0 ? "neither has a key." : $"they have the same keys, {string.Join(", ", keys.Select(Quote))}.",
            "Give one a member that the other lacks, or a constant: [Matches(\"kind\", \"…\")].");
    }

    /// <summary>The clash by which a constant of one of the two stands in a member of the other.</summary>
    static ShapeClash? Captured(ArgsShape first, ArgsShape second)
    {
        foreach (var (holder, open) in new[] { (first, second), (second, first) })
        {
            if (!CouldTake(open, holder))
                continue;
            foreach (var constant in holder.Constants)
            {
                if (open.Stored.FirstOrDefault(member => member.Key == constant.Key && CouldBe(member, constant)) is not { } member)
                    continue;
                return new ShapeClash(
                    $"{holder.Id} has the constant {Quote(constant.Key)}: {constant.Json}, and {open.Id}.{member.PlainName} can hold the same.",
                    $"Give {open.Id} a constant for {Quote(constant.Key)} instead of that member, or rename the member.");
            }
        }

        return null;
    }

    /// <summary>Whether JSON that <paramref name="writer"/> stores, which has all its keys, could go to <paramref name="taker"/>.</summary>
    static bool CouldTake(ArgsShape writer, ArgsShape taker)
    {
        var written = new HashSet<string>(writer.Keys, StringComparer.Ordinal);
        if (!taker.RequiredKeys.All(written.Contains) || !taker.Constants.All(constant => CouldHold(writer, constant)))
            return false;
        return taker.Constants.Count > writer.Constants.Count ||
            (taker.Constants.Count == writer.Constants.Count && written.SetEquals(taker.Keys));
    }

    static bool CouldHold(ArgsShape writer, ConstantModel constant) =>
        writer.Constants.Contains(constant) || writer.Stored.Any(member => member.Key == constant.Key && CouldBe(member, constant));

    /// <summary>Whether the member has a value that is stored as the constant, in the very form in which Jobs writes it.</summary>
    static bool CouldBe(MemberModel member, ConstantModel constant) => member.Value.Kind switch
    {
        // Whatever is written by others, or as it is, could be anything.
        ValueKind.Json or ValueKind.Custom => true,
        var kind => constant.Kind switch
        {
            ConstantKind.Bool => kind is ValueKind.Boolean,
            ConstantKind.Number => CouldBe(kind, long.Parse(constant.Value, CultureInfo.InvariantCulture)),
            _ => CouldBe(member.Value, constant.Value),
        },
    };

    static bool CouldBe(ValueModel value, string text) => value.Kind switch
    {
        ValueKind.String => true,
        ValueKind.Uri => Uri.TryCreate(text, text.StartsWith("/", StringComparison.Ordinal) ? UriKind.Relative : UriKind.RelativeOrAbsolute, out _),
        ValueKind.Enum => value.Enum!.Writes(text),
        ValueKind.Guid => Guid.TryParseExact(text, "D", out var id) && id.ToString("D") == text,
        ValueKind.DateTimeOffset => DateTimeOffset.TryParseExact(text, Instant, CultureInfo.InvariantCulture, DateTimeStyles.None, out var instant) &&
            instant.ToString(Instant, CultureInfo.InvariantCulture) == text,
        ValueKind.DateTime => IsTime(text, LocalTime) || IsTime(text, LocalTime + "'Z'"),
        ValueKind.DateOnly => IsTime(text, "yyyy-MM-dd"),
        ValueKind.TimeOnly => IsLength(text, out var time) && time >= TimeSpan.Zero && time < TimeSpan.FromDays(1),
        ValueKind.TimeSpan => IsLength(text, out _),
        ValueKind.Bytes => IsBase64(text),
        _ => false,
    };

    static bool IsTime(string text, string format) =>
        DateTime.TryParseExact(text, format, CultureInfo.InvariantCulture, DateTimeStyles.None, out var time) && time.ToString(format, CultureInfo.InvariantCulture) == text;

    static bool IsLength(string text, out TimeSpan length) =>
        TimeSpan.TryParseExact(text, "c", CultureInfo.InvariantCulture, out length) && length.ToString("c", CultureInfo.InvariantCulture) == text;

    static bool IsBase64(string text)
    {
        try
        {
            return Convert.ToBase64String(Convert.FromBase64String(text)) == text;
        }
        catch (FormatException)
        {
            return false;
        }
    }

    static bool CouldBe(ValueKind kind, long number) => kind switch
    {
        ValueKind.Byte => number is >= byte.MinValue and <= byte.MaxValue,
        ValueKind.SByte => number is >= sbyte.MinValue and <= sbyte.MaxValue,
        ValueKind.Int16 => number is >= short.MinValue and <= short.MaxValue,
        ValueKind.UInt16 => number is >= ushort.MinValue and <= ushort.MaxValue,
        ValueKind.Int32 => number is >= int.MinValue and <= int.MaxValue,
        ValueKind.UInt32 => number is >= uint.MinValue and <= uint.MaxValue,
        ValueKind.UInt64 => number >= 0,
        ValueKind.Int64 or ValueKind.Decimal => true,
        ValueKind.Single => IsShortest(((float)number).ToString("R", CultureInfo.InvariantCulture), number),
        ValueKind.Double => IsShortest(((double)number).ToString("R", CultureInfo.InvariantCulture), number),
        _ => false,
    };

    static bool IsShortest(string written, long number) => decimal.Parse(written, NumberStyles.Float, CultureInfo.InvariantCulture) == number;
}
