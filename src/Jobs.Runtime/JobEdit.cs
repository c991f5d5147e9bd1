namespace Jobs;

/// <summary>What to change in jobs that wait. A member that is <see langword="null"/> leaves things as they are.</summary>
/// <remarks>A job that was enqueued under a unique key keeps it, whatever becomes of its args or queue.</remarks>
public sealed record JobEdit
{
    /// <summary>The new priority.</summary>
    /// <value>0, the most urgent, to 9.</value>
    /// <exception cref="ArgumentOutOfRangeException">The value is out of range.</exception>
    public int? Priority
    {
        get;
        init
        {
            if (value is { } priority)
            {
                ArgumentOutOfRangeException.ThrowIfLessThan(priority, 0, nameof(Priority));
                ArgumentOutOfRangeException.ThrowIfGreaterThan(priority, 9, nameof(Priority));
            }

            field = value;
        }
    }

    /// <summary>The new number of failed attempts after which the job is discarded.</summary>
    /// <value>1 to 1000. A job that has had as many already gets one attempt more, its last.</value>
    /// <exception cref="ArgumentOutOfRangeException">The value is out of range.</exception>
    public int? MaxAttempts
    {
        get;
        init
        {
            if (value is { } attempts)
            {
                ArgumentOutOfRangeException.ThrowIfLessThan(attempts, 1, nameof(MaxAttempts));
                ArgumentOutOfRangeException.ThrowIfGreaterThan(attempts, 1000, nameof(MaxAttempts));
            }

            field = value;
        }
    }

    /// <summary>The queue to move the job to.</summary>
    /// <value>1 to 200 characters.</value>
    /// <exception cref="ArgumentException">The value is empty or longer, or PostgreSQL cannot store it.</exception>
    public string? Queue
    {
        get;
        init
        {
            if (value is not null)
            {
                ArgumentException.ThrowIfNullOrWhiteSpace(value, nameof(Queue));
                ArgumentOutOfRangeException.ThrowIfGreaterThan(value.Length, 200, $"{nameof(Queue)}.{nameof(value.Length)}");
                if (!StorableText.IsStorable(value))
                    throw new ArgumentException("The queue's name holds a NUL character or half of a surrogate pair, which PostgreSQL cannot store.", nameof(Queue));
            }

            field = value;
        }
    }

    /// <summary>How long from now the job is due, by the database's clock.</summary>
    /// <value>Zero, which means at once, to 36,500 days. Not together with <see cref="ScheduleAt"/>.</value>
    /// <exception cref="ArgumentOutOfRangeException">The value is out of range.</exception>
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

    /// <summary>When the job is due. An instant in the past means at once. Not together with <see cref="ScheduleIn"/>.</summary>
    public DateTimeOffset? ScheduleAt { get; init; }

    /// <summary>The new tags, in the place of all that the job has.</summary>
    /// <value>At most 50 of 1 to 100 characters each; an empty list takes all away.</value>
    /// <exception cref="ArgumentException">There are more, one is empty or longer, or PostgreSQL cannot store it.</exception>
    public IReadOnlyList<string>? Tags { get; init => field = value is null ? null : JobTags.Checked(value); }

    /// <summary>What is kept beside the args, in the place of all that the job has.</summary>
    /// <value>At most 64 KiB as JSON; an empty dictionary takes all away.</value>
    /// <exception cref="ArgumentException">It is larger, or PostgreSQL cannot store it.</exception>
    public IReadOnlyDictionary<string, string>? Meta
    {
        get;
        init => (field, StoredMeta) = value is null ? (null, null) : JobMeta.Checked(value);
    }

    /// <summary>The new args, as the <c>New</c> of the job's own worker makes them. What else is set on it is not looked at.</summary>
    public NewJob? Args { get; init; }

    /// <summary>The meta as JSON; <see langword="null"/> if there is none.</summary>
    internal string? StoredMeta { get; private init; }

    /// <exception cref="ArgumentException">The edit changes nothing, or has two schedules.</exception>
    internal void Check()
    {
        if (this == new JobEdit())
            throw new ArgumentException("The edit changes nothing. Set what should be changed.");
        if (ScheduleAt is not null && ScheduleIn is not null)
            throw new ArgumentException("The edit has both ScheduleAt and ScheduleIn. Set one of them.");
    }
}
