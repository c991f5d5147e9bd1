using System.Buffers.Binary;
using System.Text;

namespace Jobs.Torture.Proxy;

/// <summary>A message of PostgreSQL's protocol, version 3: a type, a length, a body. The first one of a client has no type.</summary>
/// <param name="Type">The letter, or zero.</param>
/// <param name="Bytes">All of it, as it goes over the wire.</param>
readonly record struct WireMessage(char Type, byte[] Bytes)
{
    const int LongestStartup = 10_000;

    public ReadOnlySpan<byte> Body => Bytes.AsSpan(Type == '\0' ? 4 : 5);

    /// <summary>Reads the next message.</summary>
    /// <returns><see langword="null"/> where the other side has closed the connection.</returns>
    public static async Task<WireMessage?> ReadAsync(Stream stream, CancellationToken cancellationToken)
    {
        var header = new byte[5];
        if (await stream.ReadAtLeastAsync(header, 5, throwOnEndOfStream: false, cancellationToken) < 5)
            return null;
        var bytes = new byte[1 + BinaryPrimitives.ReadInt32BigEndian(header.AsSpan(1))];
        header.CopyTo(bytes, 0);
        return await stream.ReadAtLeastAsync(bytes.AsMemory(5), bytes.Length - 5, throwOnEndOfStream: false, cancellationToken) < bytes.Length - 5
            ? null
            : new WireMessage((char)bytes[0], bytes);
    }

    /// <summary>Reads the first message of a client.</summary>
    public static async Task<WireMessage?> ReadStartupAsync(Stream stream, CancellationToken cancellationToken)
    {
        var header = new byte[4];
        if (await stream.ReadAtLeastAsync(header, 4, throwOnEndOfStream: false, cancellationToken) < 4)
            return null;
        var length = BinaryPrimitives.ReadInt32BigEndian(header);
        if (length is < 8 or > LongestStartup)
            throw new InvalidDataException($"A client began with a message of {length} bytes, which PostgreSQL's protocol does not know.");
        var bytes = new byte[length];
        header.CopyTo(bytes, 0);
        await stream.ReadExactlyAsync(bytes.AsMemory(4), cancellationToken);
        return new WireMessage('\0', bytes);
    }

    /// <summary>The text, up to its zero, that begins at a place of the body; and where the next begins.</summary>
    public string TextAt(int start, out int next)
    {
        var text = Body[start..];
        var end = text.IndexOf((byte)0);
        next = start + end + 1;
        return Encoding.UTF8.GetString(text[..end]);
    }

    /// <summary>How many columns of a DataRow are not null.</summary>
    public int CountValues()
    {
        var (columns, values) = (BinaryPrimitives.ReadInt16BigEndian(Body), 0);
        for (var (column, at) = (0, 2); column < columns; column++)
        {
            var length = BinaryPrimitives.ReadInt32BigEndian(Body[at..]);
            values += length < 0 ? 0 : 1;
            at += 4 + Math.Max(length, 0);
        }

        return values;
    }
}
