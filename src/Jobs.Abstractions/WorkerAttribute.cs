namespace Jobs;

/// <summary>Marks a partial class as a worker: a class whose <see cref="PerformAttribute">perform methods</see> run jobs.</summary>
/// <remarks>
/// The source generator adds the other part of the class: a typed <c>New</c> for each args record, and the dispatch from the
/// stored JSON to the perform method that takes it.
/// </remarks>
[AttributeUsage(AttributeTargets.Class, Inherited = false)]
public sealed class WorkerAttribute : Attribute
{
    /// <summary>The name under which the worker's jobs are stored.</summary>
    /// <value>Default: the class's full name. Where the class is renamed or moved, its former name among the <see cref="Aliases"/> keeps the jobs stored before.</value>
    public string? Name { get; set; }

    /// <summary>The names that the worker had before, under which stored jobs still find it. New jobs are stored under <see cref="Name"/>.</summary>
    /// <value>Default none; each 1 to 200 characters, and a name or alias of no other worker.</value>
    public string[] Aliases { get; set; } = [];

    /// <summary>The queue that new jobs go to.</summary>
    /// <value>Default <c>"default"</c>; 1 to 200 characters.</value>
    public string Queue { get; set; } = "default";

    /// <summary>How many failed attempts a job may have before it is discarded.</summary>
    /// <value>Default 20, as in Oban; 1 to 1000. With the default backoff, 20 attempts take about twelve days.</value>
    public int MaxAttempts { get; set; } = 20;

    /// <summary>Which jobs of a queue are claimed first: those with the lowest number.</summary>
    /// <value>Default 0, the most urgent; 0 to 9.</value>
    public int Priority { get; set; }

    /// <summary>How long one attempt of a job may take, in seconds; then its token fires.</summary>
    /// <value>
    /// Default 0: as long as it takes; up to 604,800, a week. An attempt that ends by its token has failed, as one has that goes on for
    /// <c>JobsOptions.TimeoutGrace</c> after it; what returns in between counts as it is.
    /// </value>
    public int TimeoutSeconds { get; set; }

    /// <summary>The tags of new jobs: short texts by which people find them among others.</summary>
    /// <value>Default none; at most 50 different ones, each 1 to 100 characters.</value>
    public string[] Tags { get; set; } = [];
}
