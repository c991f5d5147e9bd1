namespace Jobs;

/// <summary>On which terms equal jobs are one. Those of a worker come from its <see cref="UniqueAttribute"/>.</summary>
/// <remarks>Immutable: <c>job with { Unique = job.Unique with { Period = TimeSpan.FromHours(1) } }</c> changes them for one job.</remarks>
public sealed record Uniqueness
{
    /// <summary>The terms of a job with a key of the caller's: whatever became of it, for as long as it is retained.</summary>
    internal static Uniqueness OfKey { get; } = new() { States = UniqueStates.All };

    /// <summary>For how long, counted from <see cref="Since"/>, no equal job is stored.</summary>
    /// <value>Default <see langword="null"/>: for as long as the job is retained. More than zero, to 36,500 days; exact to the microsecond.</value>
    /// <exception cref="ArgumentOutOfRangeException">The value is out of range.</exception>
    public TimeSpan? Period
    {
        get;
        init
        {
            if (value is { } period)
            {
                ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(period, TimeSpan.Zero, nameof(Period));
                ArgumentOutOfRangeException.ThrowIfGreaterThan(period, TimeSpan.FromDays(36_500), nameof(Period));
            }

            field = value;
        }
    }

    /// <inheritdoc cref="UniqueAttribute.Since"/>
    public UniqueSince Since { get; init; }

    /// <inheritdoc cref="UniqueAttribute.States"/>
    public UniqueStates States { get; init; }

    /// <inheritdoc cref="UniqueAttribute.PerQueue"/>
    public bool PerQueue { get; init; } = true;

    /// <inheritdoc cref="UniqueAttribute.PerBatch"/>
    public bool PerBatch { get; init; } = true;

    /// <inheritdoc cref="UniqueAttribute.OnConflict"/>
    public UniqueConflict OnConflict { get; init; }

    /// <inheritdoc cref="UniqueAttribute.Replaces"/>
    public JobFields Replaces { get; init; } = JobFields.All;
}
