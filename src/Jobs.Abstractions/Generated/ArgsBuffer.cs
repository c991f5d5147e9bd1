using System.Buffers;
using System.Text.Json;

namespace Jobs.Generated;

/// <summary>Writes args into one buffer per thread, so that a job costs no garbage but its own bytes.</summary>
static class ArgsBuffer
{
    const int LargestKept = 64 * 1024;

    // It writes "é" and not "\u00e9": jsonb stores the same, and fewer bytes travel.
    static readonly JsonWriterOptions Options = new() { Encoder = new StrictEncoder(), MaxDepth = ArgsReader.MaxDepth };

    [ThreadStatic]
    static ArrayBufferWriter<byte>? IdleBuffer;

    [ThreadStatic]
    static Utf8JsonWriter? IdleWriter;

    public static byte[] Write<TArgs>(TArgs args, Action<Utf8JsonWriter, TArgs> write)
    {
        var (bytes, json) = Take();
        try
        {
            write(json, args);
            json.Flush();
        }
        catch (Exception exception) when (json.CurrentDepth >= ArgsReader.MaxDepth && exception is (InvalidOperationException or JsonException))
        {
            throw new InvalidArgsException($"The args are nested deeper than {ArgsReader.MaxDepth} levels, which nothing would read again.", exception);
        }

        ArgsSize.Check(bytes.WrittenSpan);
        var written = bytes.WrittenSpan.ToArray();
        PutBack(bytes, json);
        return written;
    }

    // Taken out while in use: a property of the args that itself makes a job gets a buffer of its own.
    static (ArrayBufferWriter<byte>, Utf8JsonWriter) Take()
    {
        var bytes = IdleBuffer ?? new ArrayBufferWriter<byte>(256);
        var json = IdleWriter ?? new Utf8JsonWriter(bytes, Options);
        (IdleBuffer, IdleWriter) = (null, null);
        return (bytes, json);
    }

    static void PutBack(ArrayBufferWriter<byte> bytes, Utf8JsonWriter json)
    {
        if (bytes.Capacity > LargestKept)
            return;
        bytes.ResetWrittenCount();
        json.Reset();
        (IdleBuffer, IdleWriter) = (bytes, json);
    }
}
