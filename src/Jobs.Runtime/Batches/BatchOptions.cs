using System.Text.Json.Serialization.Metadata;
using Jobs.Generated;
using Jobs.Store;

namespace Jobs;

/// <summary>Who is told of a batch, where its members do not say it, and how it is stored.</summary>
public class BatchOptions : EnqueueOptions
{
    readonly Dictionary<BatchCallbacks, BatchListener> _listeners = [];
    BatchMetadata? _metadata;

    internal IReadOnlyList<BatchListener> Listeners => [.. _listeners.Values];

    /// <summary>The id of the open batch whose member this one is: it counts there as one job, when it has ended.</summary>
    /// <value>
    /// Default <see langword="null"/>: of none. It ends there as discarded if it has discarded jobs, else as cancelled if it has cancelled ones, else
    /// as completed.
    /// </value>
    public string? Parent { get; set; }

    /// <summary>What the callbacks are to know of the batch. A perform method that takes a <see cref="BatchComplete{TMetadata}"/>, or another kind, gets it as its record.</summary>
    /// <param name="metadata">From the <c>Metadata</c> method of the worker that is told: <c>BatchEmailWorker.Metadata(new Campaign("spring"))</c>.</param>
    public BatchOptions WithMetadata(BatchMetadata metadata)
    {
        ArgumentNullException.ThrowIfNull(metadata);
        _metadata = metadata;
        return this;
    }

    /// <summary>What the callbacks are to know of the batch: a JSON object. A callback reads it with <see cref="BatchCallbackExtensions.MetadataAs"/>.</summary>
    /// <param name="metadata">The value, which becomes a JSON object of 64 KiB at most.</param>
    /// <param name="type">How it is written: from a serializer context that covers the type.</param>
    /// <exception cref="ArgumentException">It does not become a JSON object, or one that is too large, or that PostgreSQL cannot store.</exception>
    public BatchOptions WithMetadata<T>(T metadata, JsonTypeInfo<T> type) => WithMetadata(BatchMetadata.Of(metadata, type));

    /// <summary>Names the worker that gets the batch's <see cref="BatchComplete"/>.</summary>
    /// <param name="configure">Says where and how often it is tried, if not as the worker says.</param>
    /// <remarks>
    /// Without it, the only worker among the batch's jobs that has a perform method for that callback gets it. Does not compile for a worker that
    /// has none.
    /// </remarks>
    public BatchOptions OnComplete<TWorker>(Action<CallbackOptions>? configure = null)
        where TWorker : IPerforms<BatchComplete> => Name<TWorker>(BatchCallbacks.Complete, configure);

    /// <summary>Names the worker that gets the batch's <see cref="BatchSucceeded"/>.</summary>
    /// <inheritdoc cref="OnComplete"/>
    public BatchOptions OnSucceeded<TWorker>(Action<CallbackOptions>? configure = null)
        where TWorker : IPerforms<BatchSucceeded> => Name<TWorker>(BatchCallbacks.Succeeded, configure);

    /// <summary>Names the worker that gets the batch's <see cref="BatchAttempted"/>.</summary>
    /// <inheritdoc cref="OnComplete"/>
    public BatchOptions OnAttempted<TWorker>(Action<CallbackOptions>? configure = null)
        where TWorker : IPerforms<BatchAttempted> => Name<TWorker>(BatchCallbacks.Attempted, configure);

    /// <summary>Names the worker that gets the batch's <see cref="BatchDiscarded"/>.</summary>
    /// <inheritdoc cref="OnComplete"/>
    public BatchOptions OnDiscarded<TWorker>(Action<CallbackOptions>? configure = null)
        where TWorker : IPerforms<BatchDiscarded> => Name<TWorker>(BatchCallbacks.Discarded, configure);

    /// <summary>Names the worker that gets the batch's <see cref="BatchCancelled"/>.</summary>
    /// <inheritdoc cref="OnComplete"/>
    public BatchOptions OnCancelled<TWorker>(Action<CallbackOptions>? configure = null)
        where TWorker : IPerforms<BatchCancelled> => Name<TWorker>(BatchCallbacks.Cancelled, configure);

    /// <summary>Names the worker that gets the batch's <see cref="BatchRetryable"/>.</summary>
    /// <inheritdoc cref="OnComplete"/>
    public BatchOptions OnRetryable<TWorker>(Action<CallbackOptions>? configure = null)
        where TWorker : IPerforms<BatchRetryable> => Name<TWorker>(BatchCallbacks.Retryable, configure);

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

    internal virtual NewBatch NewBatch(string id) => new(id) { Parent = Parent, Metadata = _metadata?.Json };
}
