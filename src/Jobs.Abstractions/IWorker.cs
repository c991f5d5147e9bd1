using System.ComponentModel;

namespace Jobs;

/// <summary>What the generator makes of a worker. Users do not implement it: they mark a class with <see cref="WorkerAttribute"/>.</summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public interface IWorker
{
    /// <summary>Runs one job with the perform method that its args fit.</summary>
    /// <exception cref="UnmatchedArgsException">The args fit none.</exception>
    ValueTask<JobOutcome> PerformAsync(JobContext job, CancellationToken cancellationToken);
}
