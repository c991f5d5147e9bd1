using System.ComponentModel;
using System.Text.Json;

namespace Jobs.Generated;

/// <summary>Reads the top level of a job's args, key by key. Used by generated code.</summary>
/// <remarks>
/// <see cref="ReadKey"/> steps over whatever of the last value was not read. A key that comes twice is read twice, so that its last
/// value wins, as in jsonb. Every message names the key and what was expected, and no value: args hold people's data.
/// </remarks>
[EditorBrowsable(EditorBrowsableState.Never)]
public ref struct ArgsReader
{
    const int MaxDepth = 64;

    Utf8JsonReader _json;
    bool _isInside;

    /// <summary>Reads <paramref name="args"/>, UTF-8 JSON.</summary>
    public ArgsReader(ReadOnlySpan<byte> args) =>
        _json = new Utf8JsonReader(args, new JsonReaderOptions { MaxDepth = MaxDepth });

    /// <summary>Whether the args are an object; known after the first <see cref="ReadKey"/>.</summary>
    public readonly bool IsObject => _isInside;

    /// <summary>Steps to the next key; <see langword="false"/> at the end, and at once if the args are no object.</summary>
    /// <exception cref="InvalidArgsException">The args are malformed or nested too deeply.</exception>
    public bool ReadKey()
    {
        try
        {
            if (_isInside)
                _json.Skip();
            else if (!_json.Read() || _json.TokenType != JsonTokenType.StartObject)
                return false;
            _isInside = true;
            return (_json.Read() && _json.TokenType == JsonTokenType.PropertyName) || _json.Read();
        }
        catch (JsonException)
        {
            throw Malformed();
        }
    }

    /// <summary>Whether the current key is <paramref name="key"/>, escaped or not.</summary>
    /// <exception cref="InvalidArgsException">The key has half of a surrogate pair.</exception>
    public readonly bool KeyIs(ReadOnlySpan<byte> key)
    {
        try
        {
            return _json.ValueTextEquals(key);
        }
        catch (InvalidOperationException)
        {
            throw Malformed();
        }
    }

    /// <summary>Whether the current value is the string <paramref name="constant"/>.</summary>
    public bool ValueIs(ReadOnlySpan<byte> constant) => ReadValue() == JsonTokenType.String && KeyIs(constant);

    /// <summary>Whether the current value is the number <paramref name="constant"/>; <c>1.0</c> is <c>1</c>.</summary>
    public bool ValueIs(long constant) =>
        ReadValue() == JsonTokenType.Number && _json.TryGetDecimal(out var number) && number == constant;

    /// <summary>Whether the current value is <paramref name="constant"/>.</summary>
    public bool ValueIs(bool constant) => ReadValue() == (constant ? JsonTokenType.True : JsonTokenType.False);

    /// <summary>Whether the current value is null.</summary>
    public bool ValueIsNull() => ReadValue() == JsonTokenType.Null;

    /// <summary>Reads a string.</summary>
    /// <exception cref="InvalidArgsException">It is something else.</exception>
    public string ReadString(string key)
    {
        if (ReadValue() != JsonTokenType.String)
            throw Unexpected(key, "a string");
        try
        {
            return _json.GetString()!;
        }
        catch (InvalidOperationException)
        {
            throw new InvalidArgsException($"{key} in the stored args is no valid text: it has broken UTF-8 or half of a surrogate pair.");
        }
    }

    /// <summary>Reads true or false.</summary>
    /// <exception cref="InvalidArgsException">It is something else.</exception>
    public bool ReadBoolean(string key) => ReadValue() switch
    {
        JsonTokenType.True => true,
        JsonTokenType.False => false,
        _ => throw Unexpected(key, "true or false"),
    };

    /// <summary>Reads a <see cref="byte"/>.</summary>
    /// <exception cref="InvalidArgsException">It is something else, or out of range.</exception>
    public byte ReadByte(string key) =>
        ReadValue() == JsonTokenType.Number && _json.TryGetByte(out var value) ? value : throw NotWhole(key, byte.MinValue, byte.MaxValue);

    /// <summary>Reads an <see cref="sbyte"/>.</summary>
    /// <exception cref="InvalidArgsException">It is something else, or out of range.</exception>
    public sbyte ReadSByte(string key) =>
        ReadValue() == JsonTokenType.Number && _json.TryGetSByte(out var value) ? value : throw NotWhole(key, sbyte.MinValue, sbyte.MaxValue);

    /// <summary>Reads a <see cref="short"/>.</summary>
    /// <exception cref="InvalidArgsException">It is something else, or out of range.</exception>
    public short ReadInt16(string key) =>
        ReadValue() == JsonTokenType.Number && _json.TryGetInt16(out var value) ? value : throw NotWhole(key, short.MinValue, short.MaxValue);

    /// <summary>Reads a <see cref="ushort"/>.</summary>
    /// <exception cref="InvalidArgsException">It is something else, or out of range.</exception>
    public ushort ReadUInt16(string key) =>
        ReadValue() == JsonTokenType.Number && _json.TryGetUInt16(out var value) ? value : throw NotWhole(key, ushort.MinValue, ushort.MaxValue);

    /// <summary>Reads an <see cref="int"/>.</summary>
    /// <exception cref="InvalidArgsException">It is something else, or out of range.</exception>
    public int ReadInt32(string key) =>
        ReadValue() == JsonTokenType.Number && _json.TryGetInt32(out var value) ? value : throw NotWhole(key, int.MinValue, int.MaxValue);

    /// <summary>Reads a <see cref="uint"/>.</summary>
    /// <exception cref="InvalidArgsException">It is something else, or out of range.</exception>
    public uint ReadUInt32(string key) =>
        ReadValue() == JsonTokenType.Number && _json.TryGetUInt32(out var value) ? value : throw NotWhole(key, uint.MinValue, uint.MaxValue);

    /// <summary>Reads a <see cref="long"/>.</summary>
    /// <exception cref="InvalidArgsException">It is something else, or out of range.</exception>
    public long ReadInt64(string key) =>
        ReadValue() == JsonTokenType.Number && _json.TryGetInt64(out var value) ? value : throw NotWhole(key, long.MinValue, long.MaxValue);

    /// <summary>Reads a <see cref="ulong"/>.</summary>
    /// <exception cref="InvalidArgsException">It is something else, or out of range.</exception>
    public ulong ReadUInt64(string key) =>
        ReadValue() == JsonTokenType.Number && _json.TryGetUInt64(out var value) ? value : throw NotWhole(key, ulong.MinValue, ulong.MaxValue);

    /// <summary>Reads a <see cref="float"/>.</summary>
    /// <exception cref="InvalidArgsException">It is something else, or too large.</exception>
    public float ReadSingle(string key) =>
        ReadValue() == JsonTokenType.Number && _json.TryGetSingle(out var value) && float.IsFinite(value)
            ? value
            : throw Unexpected(key, "a number that a float can hold");

    /// <summary>Reads a <see cref="double"/>.</summary>
    /// <exception cref="InvalidArgsException">It is something else, or too large.</exception>
    public double ReadDouble(string key) =>
        ReadValue() == JsonTokenType.Number && _json.TryGetDouble(out var value) && double.IsFinite(value)
            ? value
            : throw Unexpected(key, "a number that a double can hold");

    /// <summary>Reads a <see cref="decimal"/>.</summary>
    /// <exception cref="InvalidArgsException">It is something else, or too large.</exception>
    public decimal ReadDecimal(string key) =>
        ReadValue() == JsonTokenType.Number && _json.TryGetDecimal(out var value)
            ? value
            : throw Unexpected(key, "a number that a decimal can hold");

    /// <summary>Reads a <see cref="Guid"/>.</summary>
    /// <exception cref="InvalidArgsException">It is something else.</exception>
    public Guid ReadGuid(string key) =>
        ReadValue() == JsonTokenType.String && _json.TryGetGuid(out var value)
            ? value
            : throw Unexpected(key, "a UUID such as \"00000000-0000-0000-0000-000000000000\"");

    /// <summary>Reads a <see cref="DateTimeOffset"/>.</summary>
    /// <exception cref="InvalidArgsException">It is something else, or has no offset: then it would mean another instant on each machine.</exception>
    public DateTimeOffset ReadDateTimeOffset(string key) =>
        ReadValue() == JsonTokenType.String && _json.TryGetDateTimeOffset(out var value) && HasOffset(_json.GetString()!)
            ? value
            : throw Unexpected(key, "a date and time with its offset such as \"2030-01-31T12:00:00Z\"");

    /// <summary>The exception for the name of an enum's member that the enum does not have.</summary>
    /// <param name="key">The key.</param>
    /// <param name="names">The names that it has.</param>
    public static InvalidArgsException NotOneOf(string key, string names) =>
        new($"{key} in the stored args must be one of {names}, and is another string.");

    static bool HasOffset(string iso) => iso[^1] == 'Z' || iso.AsSpan(Math.Min(iso.Length, 11)).IndexOfAny('+', '-') >= 0;

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

    readonly InvalidArgsException NotWhole(string key, decimal least, decimal most) =>
        Unexpected(key, string.Create(System.Globalization.CultureInfo.InvariantCulture, $"a whole number from {least} to {most}"));

    readonly InvalidArgsException Unexpected(string key, string expected) =>
        new($"{key} in the stored args must be {expected}, and is {Describe(_json.TokenType, expected)}.");

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
}
