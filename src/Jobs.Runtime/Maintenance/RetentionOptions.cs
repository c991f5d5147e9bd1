namespace Jobs;

/// <summary>How long jobs and batches are kept after they have ended. Then the leader deletes them.</summary>
/// <remarks>
/// An age counts from the job's end, by the database's clock. A member of a batch is kept until its batch has ended too. The leader's settings
/// hold for the jobs of all hosts, so give all hosts the same.
/// </remarks>
public sealed class RetentionOptions
{
    /// <summary>How long completed jobs are kept.</summary>
    /// <value>
    /// Default 1 day: long enough to look at what ran last night, and the table stays as long as a day's work. Zero to 36,500 days;
    /// <see langword="null"/> or <see cref="Timeout.InfiniteTimeSpan"/> keeps them for ever.
    /// </value>
    public TimeSpan? Completed { get; set; } = TimeSpan.FromDays(1);

    /// <summary>How long cancelled jobs are kept.</summary>
    /// <value>Default 7 days: somebody may ask who cancelled what. The range is that of <see cref="Completed"/>.</value>
    public TimeSpan? Cancelled { get; set; } = TimeSpan.FromDays(7);

    /// <summary>How long discarded jobs are kept.</summary>
    /// <value>Default 30 days: they are work that was not done, with its errors, and can be retried once the cause is mended. The range is that of <see cref="Completed"/>.</value>
    public TimeSpan? Discarded { get; set; } = TimeSpan.FromDays(30);

    /// <summary>How long a batch is kept after it has ended and its callback too. Until then its id cannot be used again.</summary>
    /// <value>Default 30 days; the range is that of <see cref="Completed"/>. Its counters do not need its jobs. Jobs that are kept longer lose their batch.</value>
    public TimeSpan? Batches { get; set; } = TimeSpan.FromDays(30);

    /// <summary>What differs for the jobs of a queue, by its name.</summary>
    public IDictionary<string, RetentionOverride> Queues { get; } = new Dictionary<string, RetentionOverride>(StringComparer.Ordinal);

    /// <summary>What differs for the jobs of a worker, by the name under which they are stored. It goes before what is said of their queue.</summary>
    public IDictionary<string, RetentionOverride> Workers { get; } = new Dictionary<string, RetentionOverride>(StringComparer.Ordinal);
}
