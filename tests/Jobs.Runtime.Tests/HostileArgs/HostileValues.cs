using System.Globalization;
using CsCheck;

namespace Jobs.Runtime.Tests.HostileArgs;

/// <summary>Values at the ends of what their types can hold, and some that no JSON or no jsonb holds.</summary>
static class HostileValues
{
    static readonly Gen<double> Double = Gen.OneOf<double>(
        Gen.Double,
        Gen.OneOf(0d, double.MaxValue, double.MinValue, double.Epsilon, -double.Epsilon, 1e-308, 0.1 + 0.2, 1e22, 123456789012345680d),
        Gen.Frequency<double>((19, Gen.Const(1d)), (1, Gen.OneOf(double.NaN, double.PositiveInfinity, double.NegativeInfinity))));

    static readonly Gen<float> Float = Gen.OneOf<float>(
        Gen.Float, Gen.OneOf(float.MaxValue, float.MinValue, float.Epsilon, 0.1f, 16777216f), Gen.Frequency<float>((19, Gen.Const(1f)), (1, Gen.Const(float.NaN))));

    // Its scale is a part of a decimal, which jsonb keeps.
    static readonly Gen<decimal> Decimal = Gen.OneOf<decimal>(
        Gen.Select(Gen.Int, Gen.Int, Gen.Int, Gen.Bool, Gen.Int[0, 28], static (low, mid, high, negative, scale) => new decimal(low, mid, high, negative, (byte)scale)),
        Gen.OneOf(decimal.MaxValue, decimal.MinValue, 0m, 0.00m, 1.10m, 0.0000000000000000000000000001m));

    static readonly Gen<string> Text = Gen.Frequency<string>(
        (8, Gen.Char[' ', '~'].Array[0, 20].Select(static chars => new string(chars))),
        (8, Gen.OneOf("", "\"\\/\b\f\n\r\t\u001f\u007f", "\ud83c\udf88 \uFFFD \uFFFF \u2028\u2029", "\\u0000", "{\"a\":1e131071}", "NULL", "1e400", "e\u0301é", "'; DROP TABLE jobs.jobs; --", new string('x', 5_000))),
        (1, Gen.OneOf("a\0b", "\ud800", "x\udfff", "\udc00\ud800", "cut \ud83c")),
        (1, Gen.Char['\0', '\uffff'].Array[0, 4].Select(static chars => new string(chars))));

    static readonly Gen<Colour> Colour = Gen.Frequency<Colour>((30, Gen.Enum<Colour>()), (1, Gen.Const((Colour)3)));

    // The ends of the range, with offsets that leave the local time in it.
    static readonly Gen<DateTimeOffset> Instant =
        Gen.Select(Gen.OneOf<long>(Gen.Long[0, DateTime.MaxValue.Ticks], Gen.OneOf(0L, DateTime.MaxValue.Ticks)), Gen.Int[-14 * 60, 14 * 60], static (ticks, minutes) =>
        {
            var offset = TimeSpan.FromMinutes(minutes);
            var utc = ticks - offset.Ticks;
            return utc < 0 || utc > DateTime.MaxValue.Ticks ? new DateTimeOffset(ticks, TimeSpan.Zero) : new DateTimeOffset(ticks, offset);
        });

    static readonly Gen<DateTime> DateTimes = Gen.Select(
        Ends(Gen.Long[0, DateTime.MaxValue.Ticks], 0L, DateTime.MaxValue.Ticks), Gen.OneOf(DateTimeKind.Utc, DateTimeKind.Unspecified), static (ticks, kind) => new DateTime(ticks, kind));

    static readonly Gen<(DateTime, DateOnly, TimeOnly, TimeSpan)> Times = Gen.Select(
        DateTimes, DateTimes.Select(DateOnly.FromDateTime), DateTimes.Select(TimeOnly.FromDateTime),
        Ends(Gen.Long, long.MinValue, long.MaxValue, 0L, -1L).Select(static ticks => new TimeSpan(ticks)));

    static readonly Gen<Inner> Inner = Gen.Select(Text, Ends(Gen.Long, long.MinValue, long.MaxValue), static (text, number) => new Inner(text, number));

    static readonly Gen<(byte, sbyte, short, ushort, int, uint, long, ulong)> Whole = Gen.Select(
        Ends(Gen.Byte, byte.MinValue, byte.MaxValue), Ends(Gen.SByte, sbyte.MinValue, sbyte.MaxValue),
        Ends(Gen.Short, short.MinValue, short.MaxValue), Ends(Gen.UShort, ushort.MinValue, ushort.MaxValue),
        Ends(Gen.Int, int.MinValue, int.MaxValue), Ends(Gen.UInt, uint.MinValue, uint.MaxValue),
        Ends(Gen.Long, long.MinValue, long.MaxValue), Ends(Gen.ULong, ulong.MinValue, ulong.MaxValue));

    public static Gen<Everything> Everything { get; } = Gen.Select(
        Whole, Gen.Select(Float, Double, Decimal), Gen.Select(Text, Text.Null()), Gen.Select(Gen.Bool, Colour, Gen.Guid, Instant),
        Gen.Select(Gen.Int.Nullable(), Double.Nullable(), Colour.Nullable()), Times, Gen.Select(Inner, Inner.Null()),
        static (whole, fractions, texts, others, nullables, times, inners) => new Everything
        {
            Byte = whole.Item1,
            SByte = whole.Item2,
            Short = whole.Item3,
            UShort = whole.Item4,
            Int = whole.Item5,
            UInt = whole.Item6,
            Long = whole.Item7,
            ULong = whole.Item8,
            Float = fractions.Item1,
            Double = fractions.Item2,
            Decimal = fractions.Item3,
            Text = texts.Item1,
            Note = texts.Item2,
            Flag = others.Item1,
            Colour = others.Item2,
            Guid = others.Item3,
            Instant = others.Item4,
            MaybeInt = nullables.Item1,
            MaybeDouble = nullables.Item2,
            MaybeColour = nullables.Item3,
            DateTime = times.Item1,
            Date = times.Item2,
            Time = times.Item3,
            Span = times.Item4,
            Inner = inners.Item1,
            MaybeInner = inners.Item2,
        });

    public static Gen<Holders> Holders { get; } = Gen.Select(
        Gen.Byte.Array[0, 40], Gen.Int.Array[0, 20], Text.Null().Array[0, 6], Gen.Dictionary(Text, Decimal)[0, 6], Inner.List[0, 4].Null(),
        static (bytes, numbers, texts, byName, inners) => new Holders(bytes, numbers, texts, byName, inners));

    public static bool CanBeKept(Holders args) =>
        args.Texts.All(text => text is null || IsText(text)) && args.ByName.Keys.All(IsText) && args.Inners?.All(CanBeKept) is not false;

    static bool CanBeKept(Inner args) => IsText(args.Text);

    /// <summary>Whether args can be kept as they are, by other means than those of the product.</summary>
    public static bool CanBeKept(Everything args) =>
        CanBeKept(args.Inner) && (args.MaybeInner is null || CanBeKept(args.MaybeInner)) &&
        IsText(args.Text) && (args.Note is null || IsText(args.Note)) &&
        float.IsFinite(args.Float) && double.IsFinite(args.Double) && (args.MaybeDouble is null || double.IsFinite(args.MaybeDouble.Value)) &&
        Enum.IsDefined(args.Colour) && (args.MaybeColour is null || Enum.IsDefined(args.MaybeColour.Value));

    /// <summary>What equality of the record does not see: the scale of a decimal, the offset of an instant, and the kind of a time.</summary>
    public static string Unseen(Everything args) => string.Create(CultureInfo.InvariantCulture, $"{decimal.Abs(args.Decimal)} {args.Instant:O} {args.DateTime:O}");

    /// <summary>All that is in it, in an order of its own: jsonb keeps no order of keys.</summary>
    public static string Contents(Holders args) => string.Create(CultureInfo.InvariantCulture,
        $"{Convert.ToHexString(args.Bytes)} [{string.Join(',', args.Numbers)}] [{string.Join(',', args.Texts.Select(text => text is null ? "null" : $"'{text}'"))}] " +
        $"[{string.Join(',', args.ByName.OrderBy(entry => entry.Key, StringComparer.Ordinal).Select(entry => $"{entry.Key}: {decimal.Abs(entry.Value).ToString(CultureInfo.InvariantCulture)}"))}] " +
        $"{(args.Inners is null ? "null" : string.Join(',', args.Inners))}");

    static bool IsText(string text) =>
        !text.Contains('\0', StringComparison.Ordinal) && text == System.Text.Encoding.UTF8.GetString(System.Text.Encoding.UTF8.GetBytes(text));

    static Gen<T> Ends<T>(Gen<T> any, params T[] ends) => Gen.OneOf<T>(any, Gen.OneOf(ends));
}
