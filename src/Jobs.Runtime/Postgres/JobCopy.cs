using System.Buffers;
using System.Buffers.Binary;
using System.Text;

namespace Jobs.Postgres;

/// <summary>Job rows in the binary format of COPY, gathered in one buffer that is sent with one write.</summary>
/// <remarks>
/// The format is written here and not by Npgsql's importer, which must know the type of each column: an enum that was made after the
/// caller's pool was opened is unknown to it. It is the one of PostgreSQL's manual, "COPY", "Binary Format".
/// </remarks>
sealed class JobCopy(bool withIds)
{
    const byte JsonbVersion = 1;
    const int TextOid = 25;
    const int UuidBytes = 16;

    static readonly DateTime PostgresEpoch = new(2000, 1, 1, 0, 0, 0, DateTimeKind.Utc);

    readonly ArrayBufferWriter<byte> _bytes = new(64 * 1024);

    public ReadOnlyMemory<byte> Bytes => _bytes.WrittenMemory;

    public void Begin()
    {
        _bytes.ResetWrittenCount();
        _bytes.Write<byte>([(byte)'P', (byte)'G', (byte)'C', (byte)'O', (byte)'P', (byte)'Y', (byte)'\n', 0xFF, (byte)'\r', (byte)'\n', 0]);
        WriteInt32(0);   // no flags
        WriteInt32(0);   // no extension of the header
    }

    /// <summary>Adds a row, in the order of the columns of the COPY that it goes to.</summary>
    /// <param name="job">The job.</param>
    /// <param name="id">Its id, where the COPY has one.</param>
    /// <param name="batch">The key of its batch.</param>
    /// <param name="clock">The database's time.</param>
    /// <param name="key">The key that it is to take.</param>
    public void Add(NewJob job, long id, long? batch, DateTime clock, Guid? key)
    {
        var due = job.ScheduleAt?.UtcDateTime ?? clock + (job.ScheduleIn ?? TimeSpan.Zero);
        WriteInt16(withIds ? 12 : 11);
        if (withIds)
            WriteInt64Column(id);
        if (batch is { } batchKey)
            WriteInt64Column(batchKey);
        else
            WriteInt32(-1);
        WriteInt64Column((due - PostgresEpoch).Ticks / TimeSpan.TicksPerMicrosecond);
        WriteTextColumn(JobStates.ToSql(due > clock ? JobState.Scheduled : JobState.Available));
        WriteInt16Column(job.MaxAttempts);
        WriteInt16Column(job.Priority);
        WriteTextColumn(job.Queue);
        WriteTextColumn(job.Worker);
        WriteInt32(job.Args.Length + 1);
        _bytes.Write([JsonbVersion]);
        _bytes.Write(job.Args.Span);
        WriteTagsColumn(job.Tags);
        WriteMetaColumn(job.StoredMeta);
        WriteKeyColumn(key);
    }

    public void End() => WriteInt16(-1);

    void WriteTagsColumn(IReadOnlyList<string> tags)
    {
        if (tags.Count == 0)
        {
            WriteInt32(-1);
            return;
        }

        WriteInt32((5 * sizeof(int)) + tags.Sum(static tag => sizeof(int) + Encoding.UTF8.GetByteCount(tag)));
        WriteInt32(1);   // one dimension
        WriteInt32(0);   // no nulls
        WriteInt32(TextOid);
        WriteInt32(tags.Count);
        WriteInt32(1);   // counted from 1
        foreach (var tag in tags)
            WriteTextColumn(tag);
    }

    void WriteMetaColumn(string? meta)
    {
        if (meta is null)
        {
            WriteInt32(-1);
            return;
        }

        WriteInt32(Encoding.UTF8.GetByteCount(meta) + 1);
        _bytes.Write([JsonbVersion]);
        Encoding.UTF8.GetBytes(meta, _bytes);
    }

    void WriteKeyColumn(Guid? key)
    {
        if (key is not { } uuid)
        {
            WriteInt32(-1);
            return;
        }

        WriteInt32(UuidBytes);
        uuid.TryWriteBytes(_bytes.GetSpan(UuidBytes), bigEndian: true, out _);
        _bytes.Advance(UuidBytes);
    }

    void WriteInt64Column(long value)
    {
        WriteInt32(sizeof(long));
        BinaryPrimitives.WriteInt64BigEndian(_bytes.GetSpan(sizeof(long)), value);
        _bytes.Advance(sizeof(long));
    }

    void WriteInt16Column(int value)
    {
        WriteInt32(sizeof(short));
        WriteInt16(value);
    }

    void WriteTextColumn(string text)
    {
        WriteInt32(Encoding.UTF8.GetByteCount(text));
        Encoding.UTF8.GetBytes(text, _bytes);
    }

    void WriteInt32(int value)
    {
        BinaryPrimitives.WriteInt32BigEndian(_bytes.GetSpan(sizeof(int)), value);
        _bytes.Advance(sizeof(int));
    }

    void WriteInt16(int value)
    {
        BinaryPrimitives.WriteInt16BigEndian(_bytes.GetSpan(sizeof(short)), checked((short)value));
        _bytes.Advance(sizeof(short));
    }
}
