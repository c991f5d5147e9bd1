using System.Buffers.Binary;
using System.Globalization;
using Jobs.Generated;

namespace Jobs;

/// <summary>The key under which a job is one with equal ones.</summary>
static class UniqueKey
{
    /// <summary>The key of a job in a batch; <see langword="null"/> if the job is its own.</summary>
    /// <remarks>It is stored, and compared by other processes and later versions.</remarks>
    public static Guid? Of(NewJob job, string? batch)
    {
        if (job.Key is not null)
            return Stored(KeyWriter.Hash(job, static (key, job) => WriteCallersKey(key, job)));
        if (job.Unique is not { } terms || job.ArgsHash is not { } args)
            return null;
        return Stored(KeyWriter.Hash((job, terms, args, batch), static (key, all) => WriteFields(key, all.job, all.terms, all.args, all.batch)));
    }

    static Guid Stored(UInt128 hash)
    {
        Span<byte> bytes = stackalloc byte[16];
        BinaryPrimitives.WriteUInt128BigEndian(bytes, hash);
        return new Guid(bytes, bigEndian: true);
    }

    static void WriteCallersKey(KeyWriter key, NewJob job)
    {
        key.StartObject();
        key.Name("key"u8).Write(job.Key);
        key.Name("worker"u8).Write(job.Worker);
        key.EndObject();
    }

    static void WriteFields(KeyWriter key, NewJob job, Uniqueness terms, UInt128 args, string? batch)
    {
        key.StartObject();
        key.Name("args"u8).Write(args.ToString("x32", CultureInfo.InvariantCulture));
        if (terms.PerBatch)
            key.Name("batch"u8).Write(batch);
        if (terms.PerQueue)
            key.Name("queue"u8).Write(job.Queue);
        key.Name("worker"u8).Write(job.Worker);
        key.EndObject();
    }
}
