using System.Globalization;
using static Jobs.Generators.Text.JsonText;

namespace Jobs.Generators.Model;

/// <summary>Why the dispatch cannot tell two shapes apart, and what would let it.</summary>
sealed record ShapeClash(string Why, string Advice)
{
    /// <summary>Finds whether something that one of the two stores would, or could, be dispatched to the other.</summary>
    public static ShapeClash? Find(ArgsShape first, ArgsShape second)
    {
        if (!CouldTake(first, second) && !CouldTake(second, first))
            return null;

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

    static bool CouldBe(MemberModel member, ConstantModel constant) => constant.Kind switch
    {
        ConstantKind.Bool => member.Kind is MemberKind.Boolean,
        ConstantKind.Number => CouldBe(member.Kind, long.Parse(constant.Value, CultureInfo.InvariantCulture)),
        _ => member.Kind switch
        {
            MemberKind.String => true,
            MemberKind.Enum => member.Enum!.Members.Any(name => name.Name == constant.Value),
            MemberKind.Guid => Guid.TryParseExact(constant.Value, "D", out _),
            MemberKind.DateTimeOffset => DateTimeOffset.TryParse(constant.Value, CultureInfo.InvariantCulture, DateTimeStyles.None, out _),
            _ => false,
        },
    };

    static bool CouldBe(MemberKind kind, long number) => kind switch
    {
        MemberKind.Byte => number is >= byte.MinValue and <= byte.MaxValue,
        MemberKind.SByte => number is >= sbyte.MinValue and <= sbyte.MaxValue,
        MemberKind.Int16 => number is >= short.MinValue and <= short.MaxValue,
        MemberKind.UInt16 => number is >= ushort.MinValue and <= ushort.MaxValue,
        MemberKind.Int32 => number is >= int.MinValue and <= int.MaxValue,
        MemberKind.UInt32 => number is >= uint.MinValue and <= uint.MaxValue,
        MemberKind.UInt64 => number >= 0,
        MemberKind.Int64 or MemberKind.Single or MemberKind.Double or MemberKind.Decimal => true,
        _ => false,
    };
}
