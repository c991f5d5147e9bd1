namespace Jobs;

/// <summary>How long the ended jobs of one queue or worker are kept, where that differs from the host's <see cref="RetentionOptions"/>.</summary>
public sealed class RetentionOverride
{
    /// <summary>How long completed jobs are kept.</summary>
    /// <value>Default <see langword="null"/>: as long as the others. Zero to 36,500 days, or <see cref="Timeout.InfiniteTimeSpan"/> for ever.</value>
    public TimeSpan? Completed { get; set; }

    /// <summary>How long cancelled jobs are kept.</summary>
    /// <value>As with <see cref="Completed"/>.</value>
    public TimeSpan? Cancelled { get; set; }

    /// <summary>How long discarded jobs are kept.</summary>
    /// <value>As with <see cref="Completed"/>.</value>
    public TimeSpan? Discarded { get; set; }
}
