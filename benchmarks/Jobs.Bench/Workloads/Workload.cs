using Jobs.Bench.Results;

namespace Jobs.Bench.Workloads;

/// <summary>Something that can be run again and again, each time from the same state of the database.</summary>
abstract class Workload
{
    /// <summary>The same as of its runs.</summary>
    public abstract string Kind { get; }

    /// <summary>Whether a run that fails ends the program. One of a peer does not: it only has no figure.</summary>
    public virtual bool EndsAtFault => true;

    /// <summary>Runs once.</summary>
    /// <param name="cancellationToken">Ends the run, and leaves nothing running.</param>
    /// <exception cref="BenchException">The run did not do all of its work, so its time means nothing.</exception>
    /// <exception cref="VoidRunException">The same, but another run may.</exception>
    public abstract Task<Run> RunAsync(CancellationToken cancellationToken);
}
