using Jobs.Generated;

namespace Jobs;

/// <summary>What a batch does at its end, where its members do not say it, and how it is stored.</summary>
public sealed class BatchOptions : EnqueueOptions
{
    internal WorkerDefinition? CompleteWorker { get; private set; }

    /// <summary>Names the worker that gets the batch's <see cref="BatchComplete"/>.</summary>
    /// <remarks>
    /// Without it, the only worker among the batch's jobs that has a perform method for <see cref="BatchComplete"/> gets it. Does not compile
    /// for a worker that has none.
    /// </remarks>
    public BatchOptions OnComplete<TWorker>()
        where TWorker : IPerforms<BatchComplete>
    {
        CompleteWorker = TWorker.Definition;
        return this;
    }
}
