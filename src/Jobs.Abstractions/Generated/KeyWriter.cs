using System.Buffers.Binary;
using System.ComponentModel;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;

namespace Jobs.Generated;

/// <summary>Writes what makes jobs one into bytes of one form, and hashes them. Called by generated code, member by member.</summary>
/// <remarks>
/// <para>
/// Hashes are stored and compared by other processes and later versions, so the form may only change together with its first byte, the
/// version. No two values share a form, and none is the beginning of another's: each starts with a tag, and texts and bytes with their
/// length. An object, be it a record or a dictionary, is its keys as stored, in ordinal order, each with its value; a list is its items.
/// </para>
/// <para>
/// What is stored as text is that text: a <see cref="Guid"/>, the name of an enum's member, a date, a <see cref="Uri"/> as it was given.
/// A number is its digits without trailing zeros, so that an <see cref="int"/> may become a <see cref="long"/> or a
/// <see cref="decimal"/>, and 1.0 is 1.00. A <see cref="DateTimeOffset"/> is its instant, whatever its offset; a <see cref="DateTime"/>
/// counts as one in UTC. Null is a value, and not the same as a missing key.
/// </para>
/// <para>Nothing is allocated once the thread's buffer is large enough, but by enumerators of collections that are given as interfaces.</para>
/// </remarks>
[EditorBrowsable(EditorBrowsableState.Never)]
public sealed class KeyWriter
{
    const byte Version = 1;
    const int LargestKept = 64 * 1024;

    // A decimal has a sign, 29 digits and a point; a UUID 36 characters.
    const int LongestText = 40;

    [ThreadStatic]
    static KeyWriter? Idle;

    readonly List<DictionaryEntry> _entries = [];

    // Where the entries of each open dictionary begin among them, the innermost last.
    readonly Stack<int> _dictionaries = new();
    byte[] _bytes = new byte[256];
    int _length;

    KeyWriter()
    {
    }

    enum Tag : byte
    {
        Null,
        False,
        True,
        Number,
        Text,
        Instant,
        Bytes,
        StartList,
        EndList,
        StartObject,
        EndObject,
    }

    /// <summary>The hash of what <paramref name="write"/> writes of <paramref name="args"/>: the first 128 bits of its SHA-256.</summary>
    internal static UInt128 Hash<TArgs>(TArgs args, Action<KeyWriter, TArgs> write)
    {
        // Taken out while in use: a property of the args that itself makes a job gets a writer of its own.
        var key = Idle ?? new KeyWriter();
        Idle = null;
        key._bytes[0] = Version;
        key._length = 1;
        write(key, args);

        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(key._bytes.AsSpan(0, key._length), hash);
        if (key._bytes.Length <= LargestKept)
            Idle = key;
        return BinaryPrimitives.ReadUInt128BigEndian(hash);
    }

    // Objects, lists and dictionaries

    /// <summary>Starts a record. Its members follow in the ordinal order of their keys.</summary>
    public void StartObject() => Write(Tag.StartObject);

    /// <summary>Ends a record.</summary>
    public void EndObject() => Write(Tag.EndObject);

    /// <summary>Writes the key of a member; its value follows.</summary>
    public KeyWriter Name(ReadOnlySpan<byte> key)
    {
        Write(Tag.Text, key);
        return this;
    }

    /// <summary>Starts a list. Its items follow.</summary>
    public void StartList() => Write(Tag.StartList);

    /// <summary>Ends a list.</summary>
    public void EndList() => Write(Tag.EndList);

    /// <summary>Starts a dictionary. Its entries follow in any order.</summary>
    public void StartDictionary()
    {
        Write(Tag.StartObject);
        _dictionaries.Push(_entries.Count);
    }

    /// <summary>Writes the key of an entry; its value follows.</summary>
    public KeyWriter Entry(string key)
    {
        ArgumentNullException.ThrowIfNull(key);
        EndEntry();
        _entries.Add(new DictionaryEntry(key, _length));
        Write(key);
        return this;
    }

    /// <summary>Ends a dictionary, and puts its entries into the order of their keys.</summary>
    public void EndDictionary()
    {
        EndEntry();
        var first = _dictionaries.Pop();
        Sort(CollectionsMarshal.AsSpan(_entries)[first..]);
        _entries.RemoveRange(first, _entries.Count - first);
        Write(Tag.EndObject);
    }

    void EndEntry()
    {
        if (_entries.Count > _dictionaries.Peek())
            CollectionsMarshal.AsSpan(_entries)[^1].End = _length;
    }

    void Sort(Span<DictionaryEntry> entries)
    {
        if (entries.Length < 2)
            return;
        var (start, length) = (entries[0].Start, _length - entries[0].Start);
        entries.Sort(static (one, other) => string.CompareOrdinal(one.Key, other.Key));

        var sorted = Room(length);
        foreach (var entry in entries)
        {
            var bytes = _bytes.AsSpan(entry.Start, entry.End - entry.Start);
            bytes.CopyTo(sorted);
            sorted = sorted[bytes.Length..];
        }

        _bytes.AsSpan(_length, length).CopyTo(_bytes.AsSpan(start));
    }

    // Values

    /// <summary>Writes null.</summary>
    public void WriteNull() => Write(Tag.Null);

    /// <summary>Writes a text.</summary>
    public void Write(string? text)
    {
        if (text is null)
        {
            WriteNull();
            return;
        }

        var length = Encoding.UTF8.GetByteCount(text);
        WriteHead(Tag.Text, length);
        _length += Encoding.UTF8.GetBytes(text, Room(length));
    }

    /// <summary>Writes true or false.</summary>
    public void Write(bool? value) => Write(value switch
    {
        null => Tag.Null,
        true => Tag.True,
        false => Tag.False,
    });

    /// <summary>Writes a whole number.</summary>
    public void Write(long? number) => WriteText(Tag.Number, number, "D");

    /// <inheritdoc cref="Write(long?)"/>
    public void Write(ulong? number) => WriteText(Tag.Number, number, "D");

    /// <summary>Writes a number, whatever zeros stand behind it.</summary>
    public void Write(decimal? number)
    {
        if (number is not { } given)
        {
            WriteNull();
            return;
        }

        Span<byte> digits = stackalloc byte[LongestText];
        given.TryFormat(digits, out var length, "G", CultureInfo.InvariantCulture);
        digits = digits[..length];
        if (digits.Contains((byte)'.'))
            digits = digits.TrimEnd((byte)'0').TrimEnd((byte)'.');
        Write(Tag.Number, digits.SequenceEqual("-0"u8) ? "0"u8 : digits);
    }

    /// <summary>Writes a UUID.</summary>
    public void Write(Guid? id) => WriteText(Tag.Text, id, "D");

    /// <summary>Writes an instant.</summary>
    public void Write(DateTimeOffset? instant) => WriteInstant(instant?.UtcTicks);

    /// <inheritdoc cref="Write(DateTimeOffset?)"/>
    public void Write(DateTime? instant) => WriteInstant(instant?.Ticks);

    /// <summary>Writes a date.</summary>
    public void Write(DateOnly? date) => WriteText(Tag.Text, date, "yyyy-MM-dd");

    /// <summary>Writes a time of day.</summary>
    public void Write(TimeOnly? time) => Write(time?.ToTimeSpan());

    /// <summary>Writes a length of time.</summary>
    public void Write(TimeSpan? length) => WriteText(Tag.Text, length, "c");

    /// <summary>Writes a URI as it was given.</summary>
    public void Write(Uri? uri) => Write(uri is null ? null : ArgsText.Given(uri));

    /// <summary>Writes bytes.</summary>
    public void Write(byte[]? bytes)
    {
        if (bytes is null)
            WriteNull();
        else
            Write(Tag.Bytes, bytes);
    }

    /// <summary>Writes the names of a <c>[Flags]</c> enum's value, as they are stored.</summary>
    /// <param name="value">The value's bits.</param>
    /// <param name="names">The enum's members.</param>
    /// <param name="member">The member's name, for the message.</param>
    /// <exception cref="InvalidArgsException">The value has a bit that no member has.</exception>
    public void WriteNames(ulong? value, (string Name, ulong Bits)[] names, string member)
    {
        if (value is not { } bits)
        {
            WriteNull();
            return;
        }

        ArgumentNullException.ThrowIfNull(names);
        Span<int> chosen = stackalloc int[ArgsFlags.MostNames];
        chosen = chosen[..ArgsFlags.Choose(bits, names, chosen, member)];
        var length = ArgsFlags.Separator.Length * (chosen.Length - 1);
        foreach (var index in chosen)
            length += Encoding.UTF8.GetByteCount(names[index].Name);

        WriteHead(Tag.Text, length);
        var room = Room(length);
        for (var i = 0; i < chosen.Length; i++)
        {
            if (i > 0)
                room = room[Encoding.UTF8.GetBytes(ArgsFlags.Separator, room)..];
            room = room[Encoding.UTF8.GetBytes(names[chosen[i]].Name, room)..];
        }

        _length += length;
    }

    // The form

    void WriteText<T>(Tag tag, T? value, ReadOnlySpan<char> format)
        where T : struct, IUtf8SpanFormattable
    {
        if (value is not { } given)
        {
            WriteNull();
            return;
        }

        Span<byte> text = stackalloc byte[LongestText];
        given.TryFormat(text, out var length, format, CultureInfo.InvariantCulture);
        Write(tag, text[..length]);
    }

    void WriteInstant(long? ticks)
    {
        if (ticks is not { } given)
        {
            WriteNull();
            return;
        }

        Write(Tag.Instant);
        BinaryPrimitives.WriteInt64BigEndian(Room(sizeof(long)), given);
        _length += sizeof(long);
    }

    void Write(Tag tag)
    {
        Room(1)[0] = (byte)tag;
        _length++;
    }

    void Write(Tag tag, ReadOnlySpan<byte> bytes)
    {
        WriteHead(tag, bytes.Length);
        bytes.CopyTo(Room(bytes.Length));
        _length += bytes.Length;
    }

    void WriteHead(Tag tag, int length)
    {
        Write(tag);
        BinaryPrimitives.WriteInt32BigEndian(Room(sizeof(int)), length);
        _length += sizeof(int);
    }

    /// <summary>At least <paramref name="length"/> bytes behind what is written.</summary>
    Span<byte> Room(int length)
    {
        if (_bytes.Length - _length < length)
            Array.Resize(ref _bytes, Math.Max(checked(_length + length), (int)Math.Min(2L * _bytes.Length, Array.MaxLength)));
        return _bytes.AsSpan(_length);
    }

    struct DictionaryEntry(string key, int start)
    {
        public string Key { get; } = key;

        public int Start { get; } = start;

        public int End { get; set; }
    }
}
