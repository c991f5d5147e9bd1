using Jobs.Generated;
using Jobs.Store;

namespace Jobs;

/// <summary>Who is told of a batch, where its members do not say it, and how it is stored.</summary>
public class BatchOptions : EnqueueOptions
{
    readonly Dictionary<BatchCallbacks, BatchListener> _listeners = [];

    internal IReadOnlyList<BatchListener> Listeners => [.. _listeners.Values];

    /// <summary>The id of the open batch whose member this one is: it counts there as one job, when it has ended.</summary>
    /// <value>
    /// Default <see langword="null"/>: of none. It ends there as discarded if it has discarded jobs, else as cancelled if it has cancelled ones, else
    /// as completed.
    /// </value>
    public string? Parent { get; set; }

    /// <summary>Names the worker that gets the batch's <see cref="BatchComplete"/>.</summary>
    /// <param name="configure">Says where and how often it is tried, if not as the worker says.</param>
    /// <remarks>
    /// Without it, the only worker among the batch's jobs that has a perform method for <see cref="BatchComplete"/> gets it. Does not compile
    /// for a worker that has none.
    /// </remarks>
    public BatchOptions OnComplete<TWorker>(Action<CallbackOptions>? configure = null)
        where TWorker : IPerforms<BatchComplete> => Name<TWorker>(BatchCallbacks.Complete, configure);

    BatchOptions Name<TWorker>(BatchCallbacks kind, Action<CallbackOptions>? configure)
        where TWorker : IGeneratedWorker
    {
        var options = new CallbackOptions();
        configure?.Invoke(options);
        var worker = TWorker.Definition;
        _listeners[kind] = new BatchListener(
            kind, worker.Name, options.Queue ?? worker.Queue, options.Priority ?? worker.Priority, options.MaxAttempts ?? worker.MaxAttempts, IsNamed: true);
        return this;
    }

    internal virtual NewBatch NewBatch(string id) => new(id) { Parent = Parent };
}
