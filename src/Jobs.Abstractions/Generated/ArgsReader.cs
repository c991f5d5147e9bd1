using System.ComponentModel;
using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Jobs.Generated;

/// <summary>Reads a job's args, key by key. Used by generated code.</summary>
/// <remarks>
/// It stands on a key, on a value, or at the end of the object it is in. <see cref="ReadKey"/> and <see cref="ReadItem"/> step over
/// whatever of the last value was not read. A key that comes twice is read twice, so that its last value wins, as in jsonb. Every message
/// names the path and what was expected, and no value: args hold people's data, and so do the keys of dictionaries.
/// </remarks>
[EditorBrowsable(EditorBrowsableState.Never)]
public ref struct ArgsReader
{
    internal const int MaxDepth = 64;

    static readonly JsonReaderOptions Options = new() { MaxDepth = MaxDepth };

    readonly ReadOnlySpan<byte> _args;
    Utf8JsonReader _json;
    bool _isEntered;
    int _hiddenDepth;

    /// <summary>Reads <paramref name="args"/>, UTF-8 JSON.</summary>
    /// <exception cref="InvalidArgsException">The args are malformed from their first byte on.</exception>
    public ArgsReader(ReadOnlySpan<byte> args)
    {
        _args = args;
        _json = new Utf8JsonReader(args, Options);
        try
        {
            _json.Read();
        }
        catch (JsonException)
        {
            throw Malformed();
        }

        IsObject = _json.TokenType == JsonTokenType.StartObject;
        _isEntered = true;
    }

    /// <summary>Whether the args are an object.</summary>
    public readonly bool IsObject { get; }

    // Objects, dictionaries and arrays

    /// <summary>Goes into the object that is the current value.</summary>
    /// <exception cref="InvalidArgsException">It is something else.</exception>
    public void EnterObject() => Enter(JsonTokenType.StartObject, "an object");

    /// <summary>Goes into the object that is the current value, whose keys are data.</summary>
    /// <exception cref="InvalidArgsException">It is something else.</exception>
    public void EnterDictionary()
    {
        Enter(JsonTokenType.StartObject, "an object");
        if (_hiddenDepth == 0)
            _hiddenDepth = _json.CurrentDepth + 1;
    }

    /// <summary>Goes into the array that is the current value.</summary>
    /// <exception cref="InvalidArgsException">It is something else.</exception>
    public void EnterArray() => Enter(JsonTokenType.StartArray, "an array");

    void Enter(JsonTokenType start, string expected)
    {
        if (ReadValue() != start)
            throw Unexpected(expected);
        _isEntered = true;
    }

    /// <summary>Steps to the next key of the object; <see langword="false"/> at its end, and at once if the args are no object.</summary>
    /// <exception cref="InvalidArgsException">The args are malformed or nested too deeply.</exception>
    public bool ReadKey()
    {
        try
        {
            if (!_isEntered)
                SkipUnread();
            else if (_json.TokenType != JsonTokenType.StartObject)
                return false;
            _isEntered = false;
            _json.Read();
            if (_json.TokenType == JsonTokenType.PropertyName)
                return true;
            Leave();
            return false;
        }
        catch (JsonException)
        {
            throw Malformed();
        }
    }

    /// <summary>Steps to the next item of the array; <see langword="false"/> at its end.</summary>
    /// <exception cref="InvalidArgsException">The args are malformed or nested too deeply.</exception>
    public bool ReadItem()
    {
        try
        {
            if (!_isEntered)
                SkipUnread();
            _isEntered = false;
            _json.Read();
            return _json.TokenType != JsonTokenType.EndArray;
        }
        catch (JsonException)
        {
            throw Malformed();
        }
    }

    void SkipUnread()
    {
        if (_json.TokenType is JsonTokenType.PropertyName or JsonTokenType.StartObject or JsonTokenType.StartArray)
            _json.Skip();
    }

    void Leave()
    {
        if (_json.CurrentDepth < _hiddenDepth)
            _hiddenDepth = 0;
        if (_json.CurrentDepth == 0)
            _json.Read();
    }

    /// <summary>Whether the current key is <paramref name="key"/>, escaped or not.</summary>
    /// <exception cref="InvalidArgsException">The key has half of a surrogate pair.</exception>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly bool KeyIs(ReadOnlySpan<byte> key) => TextIs(key);

    /// <summary>How many bytes the current key has in UTF-8, its escapes resolved.</summary>
    /// <exception cref="InvalidArgsException">The key has half of a surrogate pair.</exception>
    public readonly int KeyLength => _json.ValueIsEscaped ? Encoding.UTF8.GetByteCount(Text()) : _json.ValueSpan.Length;

    /// <summary>The current key, of a dictionary.</summary>
    /// <exception cref="InvalidArgsException">The key is no valid text.</exception>
    public readonly string Key => Text();

    /// <summary>Sees to it that a key which has to be there was found in the object that has just ended.</summary>
    /// <param name="isFound">Whether it was.</param>
    /// <param name="key">The key.</param>
    /// <exception cref="InvalidArgsException">It was not.</exception>
    public readonly void Require(bool isFound, string key)
    {
        if (!isFound)
            throw new InvalidArgsException($"{Path()} in the stored args has no key {key}, which it must have.");
    }

    // Constants

    /// <summary>Whether the current value is the string <paramref name="constant"/>.</summary>
    public bool ValueIs(ReadOnlySpan<byte> constant) => ReadValue() == JsonTokenType.String && TextIs(constant);

    /// <summary>Whether the current value is the number <paramref name="constant"/>; <c>1.0</c> is <c>1</c>.</summary>
    public bool ValueIs(long constant) =>
        ReadValue() == JsonTokenType.Number && _json.TryGetDecimal(out var number) && number == constant;

    /// <summary>Whether the current value is <paramref name="constant"/>.</summary>
    public bool ValueIs(bool constant) => ReadValue() == (constant ? JsonTokenType.True : JsonTokenType.False);

    /// <summary>Whether the current value is null.</summary>
    public bool ValueIsNull() => ReadValue() == JsonTokenType.Null;

    // Values

    /// <summary>Reads a string.</summary>
    /// <exception cref="InvalidArgsException">It is something else.</exception>
    public string ReadString() => ReadValue() == JsonTokenType.String ? Text() : throw Unexpected("a string");

    /// <summary>Reads true or false.</summary>
    /// <exception cref="InvalidArgsException">It is something else.</exception>
    public bool ReadBoolean() => ReadValue() switch
    {
        JsonTokenType.True => true,
        JsonTokenType.False => false,
        _ => throw Unexpected("true or false"),
    };

    /// <summary>Reads a <see cref="byte"/>.</summary>
    /// <exception cref="InvalidArgsException">It is something else, or out of range.</exception>
    public byte ReadByte() =>
        ReadValue() == JsonTokenType.Number && _json.TryGetByte(out var value) ? value : throw NotWhole(byte.MinValue, byte.MaxValue);

    /// <summary>Reads an <see cref="sbyte"/>.</summary>
    /// <exception cref="InvalidArgsException">It is something else, or out of range.</exception>
    public sbyte ReadSByte() =>
        ReadValue() == JsonTokenType.Number && _json.TryGetSByte(out var value) ? value : throw NotWhole(sbyte.MinValue, sbyte.MaxValue);

    /// <summary>Reads a <see cref="short"/>.</summary>
    /// <exception cref="InvalidArgsException">It is something else, or out of range.</exception>
    public short ReadInt16() =>
        ReadValue() == JsonTokenType.Number && _json.TryGetInt16(out var value) ? value : throw NotWhole(short.MinValue, short.MaxValue);

    /// <summary>Reads a <see cref="ushort"/>.</summary>
    /// <exception cref="InvalidArgsException">It is something else, or out of range.</exception>
    public ushort ReadUInt16() =>
        ReadValue() == JsonTokenType.Number && _json.TryGetUInt16(out var value) ? value : throw NotWhole(ushort.MinValue, ushort.MaxValue);

    /// <summary>Reads an <see cref="int"/>.</summary>
    /// <exception cref="InvalidArgsException">It is something else, or out of range.</exception>
    public int ReadInt32() =>
        ReadValue() == JsonTokenType.Number && _json.TryGetInt32(out var value) ? value : throw NotWhole(int.MinValue, int.MaxValue);

    /// <summary>Reads a <see cref="uint"/>.</summary>
    /// <exception cref="InvalidArgsException">It is something else, or out of range.</exception>
    public uint ReadUInt32() =>
        ReadValue() == JsonTokenType.Number && _json.TryGetUInt32(out var value) ? value : throw NotWhole(uint.MinValue, uint.MaxValue);

    /// <summary>Reads a <see cref="long"/>.</summary>
    /// <exception cref="InvalidArgsException">It is something else, or out of range.</exception>
    public long ReadInt64() =>
        ReadValue() == JsonTokenType.Number && _json.TryGetInt64(out var value) ? value : throw NotWhole(long.MinValue, long.MaxValue);

    /// <summary>Reads a <see cref="ulong"/>.</summary>
    /// <exception cref="InvalidArgsException">It is something else, or out of range.</exception>
    public ulong ReadUInt64() =>
        ReadValue() == JsonTokenType.Number && _json.TryGetUInt64(out var value) ? value : throw NotWhole(ulong.MinValue, ulong.MaxValue);

    /// <summary>Reads a <see cref="float"/>.</summary>
    /// <exception cref="InvalidArgsException">It is something else, or too large.</exception>
    public float ReadSingle() =>
        ReadValue() == JsonTokenType.Number && _json.TryGetSingle(out var value) && float.IsFinite(value)
            ? value
            : throw Unexpected("a number that a float can hold");

    /// <summary>Reads a <see cref="double"/>.</summary>
    /// <exception cref="InvalidArgsException">It is something else, or too large.</exception>
    public double ReadDouble() =>
        ReadValue() == JsonTokenType.Number && _json.TryGetDouble(out var value) && double.IsFinite(value)
            ? value
            : throw Unexpected("a number that a double can hold");

    /// <summary>Reads a <see cref="decimal"/>.</summary>
    /// <exception cref="InvalidArgsException">It is something else, or too large.</exception>
    public decimal ReadDecimal() =>
        ReadValue() == JsonTokenType.Number && _json.TryGetDecimal(out var value)
            ? value
            : throw Unexpected("a number that a decimal can hold");

    /// <summary>Reads a <see cref="Guid"/>.</summary>
    /// <exception cref="InvalidArgsException">It is something else.</exception>
    public Guid ReadGuid() =>
        ReadsText() && _json.TryGetGuid(out var value)
            ? value
            : throw Unexpected("a UUID such as \"00000000-0000-0000-0000-000000000000\"");

    /// <summary>Reads a <see cref="DateTimeOffset"/>.</summary>
    /// <exception cref="InvalidArgsException">It is something else, or has no offset: then it would mean another instant on each machine.</exception>
    public DateTimeOffset ReadDateTimeOffset() =>
        ReadsText() && _json.TryGetDateTimeOffset(out var value) && HasOffset()
            ? value
            : throw Unexpected("a date and time with its offset such as \"2030-01-31T12:00:00Z\"");

    /// <summary>Reads a <see cref="DateTime"/>: UTC where the text has an offset, else of no kind.</summary>
    /// <exception cref="InvalidArgsException">It is something else.</exception>
    public DateTime ReadDateTime()
    {
        if (!ReadsText() || !_json.TryGetDateTime(out var value))
            throw Unexpected("a date and time such as \"2030-01-31T12:00:00Z\"");
        return value.Kind == DateTimeKind.Local ? value.ToUniversalTime() : value;
    }

    /// <summary>Reads a <see cref="DateOnly"/>.</summary>
    /// <exception cref="InvalidArgsException">It is something else.</exception>
    public DateOnly ReadDateOnly() =>
        ReadValue() == JsonTokenType.String && DateOnly.TryParseExact(Text(), "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out var value)
            ? value
            : throw Unexpected("a date such as \"2030-01-31\"");

    /// <summary>Reads a <see cref="TimeOnly"/>.</summary>
    /// <exception cref="InvalidArgsException">It is something else.</exception>
    public TimeOnly ReadTimeOnly() =>
        ReadValue() == JsonTokenType.String && TimeSpan.TryParseExact(Text(), "c", CultureInfo.InvariantCulture, out var value) &&
        value >= TimeSpan.Zero && value < TimeSpan.FromDays(1)
            ? TimeOnly.FromTimeSpan(value)
            : throw Unexpected("a time of day such as \"23:59:00\"");

    /// <summary>Reads a <see cref="TimeSpan"/>.</summary>
    /// <exception cref="InvalidArgsException">It is something else, or out of range.</exception>
    public TimeSpan ReadTimeSpan() =>
        ReadValue() == JsonTokenType.String && TimeSpan.TryParseExact(Text(), "c", CultureInfo.InvariantCulture, out var value)
            ? value
            : throw Unexpected("a length of time such as \"1.12:30:00\", which is a day and a half and 30 minutes");

    /// <summary>Reads a <see cref="Uri"/>, absolute or relative.</summary>
    /// <exception cref="InvalidArgsException">It is something else.</exception>
    public Uri ReadUri() =>
        ReadValue() == JsonTokenType.String && ArgsText.TryParse(Text(), out var value) ? value : throw Unexpected("a URI such as \"https://example.com/\"");

    /// <summary>Reads bytes, which are stored as Base64.</summary>
    /// <exception cref="InvalidArgsException">It is something else.</exception>
    public byte[] ReadBytes() =>
        ReadsText() && _json.TryGetBytesFromBase64(out var value) ? value : throw Unexpected("bytes in Base64 such as \"AQID\"");

    /// <summary>Reads any JSON as it is.</summary>
    /// <exception cref="InvalidArgsException">The args are malformed or nested too deeply.</exception>
    public JsonElement ReadElement()
    {
        ReadValue();
        try
        {
            return JsonElement.ParseValue(ref _json);
        }
        catch (JsonException)
        {
            throw Malformed();
        }
    }

    /// <summary>Reads what only a serializer context of the user knows how to read.</summary>
    /// <exception cref="InvalidArgsException">The context does not take it, or it is null.</exception>
    public T ReadBy<T>(JsonTypeInfo<T> type)
    {
        ArgumentNullException.ThrowIfNull(type);
        if (ReadValue() != JsonTokenType.Null)
        {
            try
            {
                if (JsonSerializer.Deserialize(ref _json, type) is { } value)
                    return value;
            }
            catch (Exception exception) when (exception is JsonException or NotSupportedException or InvalidOperationException or FormatException)
            {
                // Not as the inner exception, for a converter's text may hold the value.
                throw new InvalidArgsException($"{Path()} in the stored args could not be read as a {typeof(T)} by {ArgsContext.NameOf(type)}: {exception.GetType().Name}.");
            }
        }

        throw Unexpected($"a {typeof(T)}");
    }

    /// <summary>The exception for a value that no member of an enum is stored as.</summary>
    /// <param name="names">What its members are stored as.</param>
    public readonly InvalidArgsException NotOneOf(string names)
    {
        ArgumentNullException.ThrowIfNull(names);
        return new(names.Length == 0
            ? $"{Path()} in the stored args cannot be read: its enum has no members."
            : $"{Path()} in the stored args must be one of {names}, and is {(_json.TokenType == JsonTokenType.String ? "another string" : Describe(_json.TokenType, ""))}.");
    }

    // The current token

    // Behind the date, whose hyphens are none of it.
    readonly bool HasOffset()
    {
        var text = _json.ValueIsEscaped ? Encoding.UTF8.GetBytes(Text()) : _json.ValueSpan;
        return text[^1] == 'Z' || text[Math.Min(text.Length, 11)..].IndexOfAny((byte)'+', (byte)'-') >= 0;
    }

    JsonTokenType ReadValue()
    {
        try
        {
            if (_json.TokenType == JsonTokenType.PropertyName)
                _json.Read();
            return _json.TokenType;
        }
        catch (JsonException)
        {
            throw Malformed();
        }
    }

    /// <summary>Whether the value is a string; one with an escape that stands for half of a surrogate pair is refused.</summary>
    bool ReadsText()
    {
        if (ReadValue() != JsonTokenType.String)
            return false;
        if (_json.ValueIsEscaped)
            _ = Text();
        return true;
    }

    readonly string Text()
    {
        try
        {
            return _json.GetString()!;
        }
        catch (InvalidOperationException)
        {
            throw NoText();
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    readonly bool TextIs(ReadOnlySpan<byte> text) => _json.ValueIsEscaped ? EscapedTextIs(text) : _json.ValueSpan.SequenceEqual(text);

    readonly bool EscapedTextIs(ReadOnlySpan<byte> text)
    {
        try
        {
            return _json.ValueTextEquals(text);
        }
        catch (InvalidOperationException)
        {
            throw NoText();
        }
    }

    // Messages

    readonly InvalidArgsException NoText() => new($"{Path()} in the stored args is no valid text: it has broken UTF-8 or half of a surrogate pair.");

    readonly InvalidArgsException NotWhole(decimal least, decimal most) =>
        Unexpected(string.Create(CultureInfo.InvariantCulture, $"a whole number from {least} to {most}"));

    readonly InvalidArgsException Unexpected(string expected) =>
        new($"{Path()} in the stored args must be {expected}, and is {Describe(_json.TokenType, expected)}.");

    // Inside the opening bracket that it stands on, the reader does not count that one.
    readonly int Depth => _json.CurrentDepth + (_json.TokenType is JsonTokenType.StartObject or JsonTokenType.StartArray ? 1 : 0);

    readonly InvalidArgsException Malformed() => new(Depth >= MaxDepth
        ? $"The stored args are nested deeper than {MaxDepth} levels."
        : $"The stored args are no valid JSON; they break off at byte {_json.TokenStartIndex}.");

    static string Describe(JsonTokenType found, string expected) => found switch
    {
        JsonTokenType.Null => "null",
        JsonTokenType.True or JsonTokenType.False => "true or false",
        JsonTokenType.Number => expected.Contains("number", StringComparison.Ordinal) ? "another number" : "a number",
        JsonTokenType.String => expected.Contains('"', StringComparison.Ordinal) ? "another string" : "a string",
        JsonTokenType.StartArray => "an array",
        _ => "an object",
    };

    readonly string Path() => ArgsPath.To(_json.TokenStartIndex, _args, Options, _hiddenDepth);
}
