using System.Text.Json;
using Jobs.Generated;

namespace Jobs;

/// <summary>A job to enqueue, its args already serialized. The <c>New</c> method of a worker makes it.</summary>
/// <remarks>Immutable: <c>BatchEmailWorker.New(args) with { ScheduleIn = TimeSpan.FromMinutes(5), Priority = 1 }</c> is another job.</remarks>
public sealed record NewJob
{
    NewJob(WorkerDefinition worker, ReadOnlyMemory<byte> args, UInt128? argsHash)
    {
        Definition = worker;
        Args = args;
        ArgsHash = argsHash;
        Queue = worker.Queue;
        MaxAttempts = worker.MaxAttempts;
        Priority = worker.Priority;
        Tags = worker.Tags;
        Meta = JobMeta.Empty;
        if (argsHash is not null)
            Unique = worker.Unique;
    }

    internal WorkerDefinition Definition { get; }

    /// <summary>The name of the worker, as it is stored.</summary>
    public string Worker => Definition.Name;

    /// <summary>The args as UTF-8 JSON, as they are stored.</summary>
    public ReadOnlyMemory<byte> Args { get; }

    /// <summary>The hash of what makes the args one with those of another job.</summary>
    /// <value><see langword="null"/> where the worker is not unique, or its args have none of its keys.</value>
    internal UInt128? ArgsHash { get; }

    /// <summary>The queue the job goes to.</summary>
    /// <value>Default: the worker's queue; 1 to 200 characters.</value>
    /// <exception cref="ArgumentException">The value is empty or longer.</exception>
    public string Queue
    {
        get;
        init
        {
            ArgumentException.ThrowIfNullOrWhiteSpace(value, nameof(Queue));
            ArgumentOutOfRangeException.ThrowIfGreaterThan(value.Length, 200, $"{nameof(Queue)}.{nameof(value.Length)}");
            field = value;
        }
    }

    /// <summary>How many failed attempts the job may have before it is discarded.</summary>
    /// <value>Default: the worker's; 1 to 1000.</value>
    /// <exception cref="ArgumentOutOfRangeException">The value is out of range.</exception>
    public int MaxAttempts
    {
        get;
        init
        {
            ArgumentOutOfRangeException.ThrowIfLessThan(value, 1, nameof(MaxAttempts));
            ArgumentOutOfRangeException.ThrowIfGreaterThan(value, 1000, nameof(MaxAttempts));
            field = value;
        }
    }

    /// <summary>Which jobs of the queue are claimed first: those with the lowest number.</summary>
    /// <value>Default: the worker's; 0 to 9.</value>
    /// <exception cref="ArgumentOutOfRangeException">The value is out of range.</exception>
    public int Priority
    {
        get;
        init
        {
            ArgumentOutOfRangeException.ThrowIfLessThan(value, 0, nameof(Priority));
            ArgumentOutOfRangeException.ThrowIfGreaterThan(value, 9, nameof(Priority));
            field = value;
        }
    }

    /// <summary>How long after the enqueue the job is due, by the database's clock.</summary>
    /// <value>Default <see langword="null"/>: at once; zero to 36,500 days. Not together with <see cref="ScheduleAt"/>.</value>
    /// <exception cref="ArgumentOutOfRangeException">The value is negative, or more than 36,500 days.</exception>
    public TimeSpan? ScheduleIn
    {
        get;
        init
        {
            if (value is { } delay)
            {
                ArgumentOutOfRangeException.ThrowIfLessThan(delay, TimeSpan.Zero, nameof(ScheduleIn));
                ArgumentOutOfRangeException.ThrowIfGreaterThan(delay, TimeSpan.FromDays(36_500), nameof(ScheduleIn));
            }

            field = value;
        }
    }

    /// <summary>When the job is due. An instant in the past means at once.</summary>
    /// <value>Default <see langword="null"/>: at once. Not together with <see cref="ScheduleIn"/>.</value>
    public DateTimeOffset? ScheduleAt { get; init; }

    /// <summary>Short texts by which people find the job among others.</summary>
    /// <value>Default: the worker's; at most 50, each 1 to 100 characters. One that is given twice counts once.</value>
    /// <exception cref="ArgumentException">There are more, or one is empty, longer, or holds what PostgreSQL cannot store.</exception>
    public IReadOnlyList<string> Tags
    {
        get;
        init => field = ReferenceEquals(value, Definition.Tags) ? value : JobTags.Checked(value);
    }

    /// <summary>What the caller wants to know of the job later, such as who asked for it. It is no part of the args, and decides nothing.</summary>
    /// <value>Default empty; at most 64 KiB as JSON.</value>
    /// <exception cref="ArgumentException">It is larger, or holds a text that is null or that PostgreSQL cannot store.</exception>
    public IReadOnlyDictionary<string, string> Meta
    {
        get;
        init => (field, StoredMeta) = JobMeta.Checked(value);
    }

    /// <summary>On which terms the job is one with equal ones.</summary>
    /// <value>Default: the worker's; <see langword="null"/> for a worker without <see cref="UniqueAttribute"/>, and for a job that is its own.</value>
    /// <exception cref="InvalidOperationException">The worker says nothing of what makes its jobs equal.</exception>
    public Uniqueness? Unique
    {
        get;
        init => field = value is null || ArgsHash is not null ? value : throw new InvalidOperationException(
            $"A job of {Worker} cannot be unique: nothing says which of these args make jobs equal. Mark the worker with [Unique], or give the job a Key.");
    }

    /// <summary>The caller's own name for this job: of all jobs of the worker with this key there is one, so that an enqueue whose answer was lost can be repeated.</summary>
    /// <value>
    /// Default <see langword="null"/>. 1 to 500 characters. It takes the place of <see cref="Unique"/>, and holds for as long as the job is
    /// retained, whatever became of it: an enqueue that meets it stores nothing, and answers with the job that is there.
    /// </value>
    /// <exception cref="ArgumentException">The value is empty, longer, or has half of a surrogate pair.</exception>
    public string? Key
    {
        get;
        init
        {
            if (value is not null && (string.IsNullOrWhiteSpace(value) || value.Length > 500 || !StorableText.IsStorable(value)))
                throw new ArgumentException("The key of a job must have 1 to 500 characters, none of them NUL or half of a surrogate pair.", nameof(Key));
            field = value;
        }
    }

    /// <summary>The terms that the job is really held to; <see langword="null"/> if it is its own.</summary>
    internal Uniqueness? Terms => Key is null ? Unique : Uniqueness.OfKey;

    /// <summary>The meta as JSON; <see langword="null"/> if there is none.</summary>
    internal string? StoredMeta { get; private init; }

    /// <summary>Makes a job of <paramref name="worker"/>. Called by the generated <c>New</c>.</summary>
    /// <param name="worker">The worker that runs it.</param>
    /// <param name="args">The args.</param>
    /// <param name="write">Writes the args as they are stored.</param>
    /// <param name="writeKey">Writes what makes jobs one; <see langword="null"/> where each is its own.</param>
    /// <exception cref="InvalidArgsException">The args hold what PostgreSQL cannot store, are larger than 1 MiB, or are of a derived record.</exception>
    [System.ComponentModel.EditorBrowsable(System.ComponentModel.EditorBrowsableState.Never)]
    public static NewJob Create<TArgs>(
        WorkerDefinition worker, TArgs args, Action<Utf8JsonWriter, TArgs> write, Action<KeyWriter, TArgs>? writeKey = null)
        where TArgs : class
    {
        ArgumentNullException.ThrowIfNull(worker);
        ArgumentNullException.ThrowIfNull(args);
        ArgumentNullException.ThrowIfNull(write);
        if (args.GetType() != typeof(TArgs))
            throw new InvalidArgsException(
                $"The args are a {args.GetType()}, derived from {typeof(TArgs)}: only the members of {typeof(TArgs)} would be stored. Seal it, or pass one of itself.");

        // Written first, for that refuses what the key could not tell apart, such as halves of surrogate pairs.
        var stored = ArgsBuffer.Write(args, write);
        return new NewJob(worker, stored, writeKey is null ? null : KeyWriter.Hash(args, writeKey));
    }
}
