using System.Collections;
using System.Collections.Concurrent;
using System.Reflection;
using System.Runtime.InteropServices;
using System.Text.Json;

namespace Jobs.Generators.Tests.RandomWorkers;

/// <summary>Makes values of the types of a compiled program, those at the edges often.</summary>
sealed class RandomValues(Random random)
{
    static readonly string[] Texts =
    [
        "", " ", "a", "X", "Red", "\"", "\\", "\b\f\n\r\t", "\u0001\u001f\u007f\u0080", "é", "名前", "🎉", "\ud83d\udc69\u200d\ud83d\ude80", "\ufffd", "\ufeff", "\uffff", "</script>", "\u2028\u2029", "null",
        "{\"a\":1}", "\\u0000", "a/b?c=d&e#f", new string('x', 300),
    ];

    static readonly string[] Uris =
        ["https://example.com/", "http://EXAMPLE.com:80/a b?q=%20#f", "/orders", "//host/x", "a/b", "", "mailto:ada@example.com", "urn:isbn:1", "https://例え.jp/é", "?q", "#f", "file:///tmp/a"];

    static readonly string[] Documents =
    [
        "true", "0", "-0", "1.10", "1e5", "-1.5E-7", "123456789012345678901234567890.5", "\"\"", "\"\\ud83c\\udf89\"", "[]", "{}", "[1, \"a\", null, [{}]]",
        "{\"b\": 1, \"a\": {\"\": [], \"bb\": null}, \"A\": \"\\\\\\\"\"}",
    ];

    static readonly MethodInfo AsImmutableArray = typeof(ImmutableCollectionsMarshal).GetMethod(nameof(ImmutableCollectionsMarshal.AsImmutableArray))!;

    static readonly ConcurrentDictionary<Type, (ConstructorInfo? Constructor, ParameterInfo[] Parameters)> Constructors = new();

    /// <summary>A value of an args record or of a record inside one.</summary>
    /// <param name="members">Its members.</param>
    /// <param name="type">Its type.</param>
    /// <param name="constants">What its members should often hold: the constants of other records.</param>
    public object Record(IReadOnlyList<Member> members, Type type, IReadOnlyList<Constant> constants)
    {
        var values = members.Where(member => member.Role is not Role.Ignored).ToDictionary(
            member => member.PlainName,
            member => Held(member, type.GetProperty(member.PlainName)!.PropertyType, constants),
            StringComparer.Ordinal);
        var made = Construct(type, parameter => values.TryGetValue(parameter.Name!, out var value) ? value : Missing(parameter));
        foreach (var member in members.Where(member => member.Role is not Role.Ignored && member.Place is not (Place.Positional or Place.PositionalWithDefault)))
            type.GetProperty(member.PlainName)!.SetValue(made, values[member.PlainName]);
        return made;
    }

    /// <summary>The record as it is made without any value that has a default.</summary>
    public static object Fresh(Type type) => Construct(type, Missing);

    static object Construct(Type type, Func<ParameterInfo, object?> argument)
    {
        var (constructor, parameters) = Constructors.GetOrAdd(type, static type =>
        {
            var chosen = type.GetConstructors().Where(one => one.GetParameters() is not [var only] || only.ParameterType != type).MaxBy(one => one.GetParameters().Length);
            return (chosen, chosen?.GetParameters() ?? []);
        });
        return constructor is null ? Activator.CreateInstance(type)! : constructor.Invoke([.. parameters.Select(argument)]);
    }

    static object? Missing(ParameterInfo parameter)
    {
        var type = Nullable.GetUnderlyingType(parameter.ParameterType) ?? parameter.ParameterType;
        if (parameter.HasDefaultValue && parameter.DefaultValue is { } value)
            return type.IsEnum ? Enum.ToObject(type, value) : value;
        return parameter.ParameterType.IsValueType ? Activator.CreateInstance(parameter.ParameterType) : null;
    }

    object? Held(Member member, Type type, IReadOnlyList<Constant> constants)
    {
        if (member.Type.Form is Plain && random.Next(4) == 0)
        {
            var held = constants.Where(constant => constant.Key == member.Key).Select(constant => DispatchOracle.Read(constant.Value, Underlying(type))).OfType<object>().ToList();
            if (held.Count > 0)
                return held[random.Next(held.Count)];
        }

        return Value(member.Type, type);
    }

    static Type Underlying(Type type) => Nullable.GetUnderlyingType(type) ?? type;

    object? Value(MemberType member, Type type)
    {
        if (member.IsNullable && random.Next(4) == 0)
            return null;
        type = Underlying(type);
        return member.Form switch
        {
            Inner inner => Record(inner.Members, type, []),
            Many many => Items(many, type),
            // JSON has one null: a JsonElement that is null and none at all are stored the same.
            _ when type == typeof(JsonElement) && !member.IsNullable && random.Next(6) == 0 => JsonDocument.Parse("null").RootElement.Clone(),
            _ when type.IsEnum => AnyOf(type),
            _ => Single(type),
        };
    }

    object Items(Many many, Type type)
    {
        var item = type.IsArray ? type.GetElementType()! : type.GetGenericArguments()[^1];
        var values = Enumerable.Range(0, Math.Max(0, random.Next(-1, 4))).Select(_ => Value(many.Items, item)).ToList();
        if (many.Name.Contains("Dictionary", StringComparison.Ordinal))
        {
            var entries = (IDictionary)Activator.CreateInstance(typeof(Dictionary<,>).MakeGenericType(typeof(string), item))!;
            foreach (var value in values)
                entries[Text()] = value;
            return entries;
        }

        var array = Array.CreateInstance(item, values.Count);
        ((ICollection)values).CopyTo(array, 0);
        if (many.Name.StartsWith("ImmutableArray", StringComparison.Ordinal))
            return AsImmutableArray.MakeGenericMethod(item).Invoke(null, [array])!;
        return type.IsAssignableFrom(array.GetType()) ? array : Activator.CreateInstance(typeof(List<>).MakeGenericType(item), array)!;
    }

    object AnyOf(Type type)
    {
        var values = Enum.GetValuesAsUnderlyingType(type);
        var value = values.GetValue(random.Next(values.Length))!;
        if (!type.IsDefined(typeof(FlagsAttribute), inherit: false) || random.Next(2) == 0)
            return Enum.ToObject(type, value);
        return Enum.ToObject(type, Convert.ToUInt64(value) | Convert.ToUInt64(values.GetValue(random.Next(values.Length))));
    }

    object Single(Type type)
    {
        var bytes = new byte[16];
        random.NextBytes(bytes);
        var edge = random.Next(6);
        return type switch
        {
            _ when type == typeof(string) => Text(),
            _ when type == typeof(bool) => edge % 2 == 0,
            _ when type == typeof(byte) => edge switch { 0 => byte.MinValue, 1 => byte.MaxValue, _ => bytes[0] },
            _ when type == typeof(sbyte) => edge switch { 0 => sbyte.MinValue, 1 => sbyte.MaxValue, _ => (sbyte)bytes[0] },
            _ when type == typeof(short) => edge switch { 0 => short.MinValue, 1 => short.MaxValue, _ => BitConverter.ToInt16(bytes) },
            _ when type == typeof(ushort) => edge switch { 0 => ushort.MinValue, 1 => ushort.MaxValue, _ => BitConverter.ToUInt16(bytes) },
            _ when type == typeof(int) => edge switch { 0 => int.MinValue, 1 => int.MaxValue, 2 => 0, _ => BitConverter.ToInt32(bytes) },
            _ when type == typeof(uint) => edge switch { 0 => uint.MinValue, 1 => uint.MaxValue, _ => BitConverter.ToUInt32(bytes) },
            _ when type == typeof(long) => edge switch { 0 => long.MinValue, 1 => long.MaxValue, 2 => 9007199254740993L, _ => BitConverter.ToInt64(bytes) },
            _ when type == typeof(ulong) => edge switch { 0 => ulong.MinValue, 1 => ulong.MaxValue, _ => BitConverter.ToUInt64(bytes) },
            _ when type == typeof(float) => edge switch { 0 => float.MinValue, 1 => float.Epsilon, 2 => -0f, _ => Finite(BitConverter.ToSingle(bytes)) },
            _ when type == typeof(double) => edge switch { 0 => double.MaxValue, 1 => double.Epsilon, 2 => 0.1 + 0.2, _ => Finite(BitConverter.ToDouble(bytes)) },
            _ when type == typeof(decimal) => edge switch { 0 => decimal.MinValue, 1 => 1.10m, 2 => new decimal(1, 0, 0, true, 28), _ => new decimal(random.Next(), random.Next(), random.Next(), edge == 3, bytes[0].CompareTo((byte)128) < 0 ? (byte)0 : (byte)random.Next(29)) },
            _ when type == typeof(Guid) => edge == 0 ? Guid.Empty : new Guid(bytes),
            _ when type == typeof(DateTimeOffset) => edge switch
            {
                0 => DateTimeOffset.MinValue,
                1 => DateTimeOffset.MaxValue,
                _ => new DateTimeOffset(random.NextInt64(TimeSpan.TicksPerDay, DateTime.MaxValue.Ticks - TimeSpan.TicksPerDay), TimeSpan.FromMinutes(random.Next(-840, 841))),
            },
            _ when type == typeof(DateTime) => edge switch
            {
                0 => DateTime.MinValue,
                1 => DateTime.SpecifyKind(DateTime.MaxValue, DateTimeKind.Utc),
                _ => new DateTime(random.NextInt64(DateTime.MaxValue.Ticks), edge % 2 == 0 ? DateTimeKind.Utc : DateTimeKind.Unspecified),
            },
            _ when type == typeof(DateOnly) => edge switch { 0 => DateOnly.MinValue, 1 => DateOnly.MaxValue, _ => DateOnly.FromDayNumber(random.Next(DateOnly.MaxValue.DayNumber)) },
            _ when type == typeof(TimeOnly) => edge switch { 0 => TimeOnly.MinValue, 1 => TimeOnly.MaxValue, 2 => new TimeOnly(12, 30), _ => new TimeOnly(random.NextInt64(TimeSpan.TicksPerDay)) },
            _ when type == typeof(TimeSpan) => edge switch { 0 => TimeSpan.MinValue, 1 => TimeSpan.MaxValue, 2 => TimeSpan.Zero, _ => new TimeSpan(BitConverter.ToInt64(bytes)) },
            _ when type == typeof(Uri) => Uri(Uris[random.Next(Uris.Length)]),
            _ when type == typeof(byte[]) => bytes[..random.Next(17)],
            _ when type == typeof(JsonElement) => Document(),
            _ when type == typeof(HashSet<int>) => new HashSet<int>(bytes.Take(edge).Select(one => (int)one)),
            _ when type == typeof(Version) => edge % 2 == 0 ? new Version(1, 2) : new Version(1, 2, 3, bytes[0]),
            { Name: nameof(App.Anything) } => Activator.CreateInstance(type, Document())!,
            { Name: nameof(App.Figure) } when edge % 2 == 0 => Activator.CreateInstance(type.Assembly.GetType("App.Circle")!, Finite(BitConverter.ToDouble(bytes)))!,
            { Name: nameof(App.Figure) } => Activator.CreateInstance(type.Assembly.GetType("App.Square")!, edge, edge == 1 ? null : Text())!,
            _ => throw new InvalidOperationException($"No value of {type} is made."),
        };
    }

    static Uri Uri(string text) => new(text, text.StartsWith('/') ? UriKind.Relative : UriKind.RelativeOrAbsolute);

    JsonElement Document() => JsonDocument.Parse(Documents[random.Next(Documents.Length)]).RootElement.Clone();

    static float Finite(float number) => float.IsFinite(number) ? number : 0.1f;

    static double Finite(double number) => double.IsFinite(number) ? number : -double.MaxValue;

    string Text() => string.Concat(Enumerable.Range(0, random.Next(4)).Select(_ => Texts[random.Next(Texts.Length)]));
}
