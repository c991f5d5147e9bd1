using System.ComponentModel;

namespace Jobs.Generated;

/// <summary>What the runtime knows of a worker without an instance of it. Made by the generator.</summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public sealed class WorkerDefinition
{
    /// <summary>The name under which the worker's jobs are stored.</summary>
    public required string Name { get; init; }

    /// <summary>The names that the worker had before: jobs stored under them are its own too.</summary>
    /// <value>Default none.</value>
    public IReadOnlyList<string> Aliases { get; init; } = [];

    /// <summary>The queue that new jobs, and the callbacks of batches, go to.</summary>
    public required string Queue { get; init; }

    /// <summary>After how many failed attempts a job is given up.</summary>
    public required int MaxAttempts { get; init; }

    /// <summary>The priority of new jobs: 0, the most urgent, to 9.</summary>
    public required int Priority { get; init; }

    /// <summary>The tags of new jobs.</summary>
    /// <value>Default none.</value>
    public IReadOnlyList<string> Tags { get; init; } = [];

    /// <summary>On which terms equal jobs are one.</summary>
    /// <value>Default <see langword="null"/>: each job is its own.</value>
    public Uniqueness? Unique { get; init; }

    /// <summary>How long a job may run before its token fires.</summary>
    /// <value>Default <see langword="null"/>: as long as it takes.</value>
    public TimeSpan? Timeout { get; init; }

    /// <summary>How long a job waits after an attempt that threw.</summary>
    /// <value>Default <see langword="null"/>: the default delay.</value>
    public Func<FailedAttempt, TimeSpan>? Backoff { get; init; }

    /// <summary>The backoff that a worker has declared.</summary>
    public static Func<FailedAttempt, TimeSpan> BackoffOf<TWorker>()
        where TWorker : IGeneratedWorker => TWorker.DelayAfter;

    /// <summary>Makes the worker from the services of a job's scope.</summary>
    public required Func<IServiceProvider, IWorker> Create { get; init; }

    /// <summary>The callbacks for which the worker has perform methods: the hook by which it is told of its batches.</summary>
    public BatchCallbacks Callbacks { get; init; }
}
