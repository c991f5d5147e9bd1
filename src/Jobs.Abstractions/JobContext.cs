namespace Jobs;

/// <summary>The job that runs, as its perform method may see it.</summary>
public sealed class JobContext
{
    internal JobContext()
    {
    }

    /// <summary>The job's id in the table of jobs.</summary>
    public required long Id { get; init; }

    /// <summary>The name of the worker, as it is stored.</summary>
    public required string Worker { get; init; }

    /// <summary>The queue the job came from.</summary>
    public required string Queue { get; init; }

    /// <summary>Which attempt this is: 1 for the first. A snooze gives its attempt back, so a number can come again.</summary>
    public required int Attempt { get; init; }

    /// <summary>After how many attempts the job is given up.</summary>
    public required int MaxAttempts { get; init; }

    /// <summary>The batch the job belongs to; <see langword="null"/> if it belongs to none. A callback job belongs to none.</summary>
    public required BatchRef? Batch { get; init; }

    /// <summary>The stored args, as UTF-8 JSON. Valid while the job runs.</summary>
    public required ReadOnlyMemory<byte> Args { get; init; }

    /// <summary>The services of the job's own scope.</summary>
    public required IServiceProvider Services { get; init; }
}
