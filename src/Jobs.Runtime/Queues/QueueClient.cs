using Jobs.Queues;
using Jobs.Store;

namespace Jobs;

/// <summary>Pauses, resumes, scales and stops queues at run time, on one node or on all. Safe to share between threads.</summary>
/// <remarks>
/// <para>
/// What is said is stored, and stays in force when nodes restart: until something else is said, be it of one queue or of all, of one node or of
/// all. The last word counts. It is in force within a second, by notification, or within <see cref="JobsOptions.PollInterval"/> without.
/// </para>
/// <para>
/// A node is meant by its <see cref="JobsOptions.NodeName"/>, and found again under that name. What was said of a node that has not been
/// seen for a week is forgotten.
/// </para>
/// <para>Each call returns how many of the nodes that live now it concerns: none, perhaps, if a name is misspelt.</para>
/// </remarks>
public sealed class QueueClient
{
    readonly JobStore _store;
    readonly ControlSignal _control;

    internal QueueClient(JobStore store, ControlSignal control)
    {
        _store = store;
        _control = control;
    }

    /// <summary>Has no more jobs of a queue claimed. Those that run go on; those that were claimed and have not started go back.</summary>
    /// <param name="queue">The queue; <see langword="null"/> for every queue.</param>
    /// <param name="node">The name of a node; <see langword="null"/> for every node.</param>
    /// <param name="cancellationToken">Gives up waiting; the queue may be paused then, or not.</param>
    /// <exception cref="ArgumentException">A name has no or more than 200 characters, or cannot be stored.</exception>
    /// <exception cref="DatabaseUnavailableException">PostgreSQL cannot be reached; nothing was changed.</exception>
    public Task<int> PauseAsync(string? queue = null, string? node = null, CancellationToken cancellationToken = default) =>
        SetAsync(QueueState.Paused, queue, node, cancellationToken);

    /// <summary>Has the jobs of a queue claimed again that was paused or stopped. Nothing changes for a queue that runs.</summary>
    /// <param name="queue">The queue; <see langword="null"/> for every queue.</param>
    /// <param name="node">The name of a node; <see langword="null"/> for every node.</param>
    /// <param name="cancellationToken">Gives up waiting; the queue may be resumed then, or not.</param>
    /// <inheritdoc cref="PauseAsync" path="/exception"/>
    public Task<int> ResumeAsync(string? queue = null, string? node = null, CancellationToken cancellationToken = default) =>
        SetAsync(QueueState.Running, queue, node, cancellationToken);

    /// <summary>
    /// Pauses a queue, and gives its running jobs <see cref="JobsOptions.ShutdownGrace"/> to end. Then their tokens are cancelled, and they go
    /// back: they run again elsewhere, or when the queue is resumed, without having lost an attempt.
    /// </summary>
    /// <param name="queue">The queue; <see langword="null"/> for every queue.</param>
    /// <param name="node">The name of a node; <see langword="null"/> for every node.</param>
    /// <param name="cancellationToken">Gives up waiting; the queue may be stopped then, or not.</param>
    /// <remarks>A job that does not obey its token keeps its place until it returns, and its outcome comes too late.</remarks>
    /// <inheritdoc cref="PauseAsync" path="/exception"/>
    public Task<int> StopAsync(string? queue = null, string? node = null, CancellationToken cancellationToken = default) =>
        SetAsync(QueueState.Stopped, queue, node, cancellationToken);

    /// <summary>Changes how many jobs of a queue run at once on a node. Where there are to be fewer, those that run go on to their ends.</summary>
    /// <param name="queue">The queue; <see langword="null"/> for every queue.</param>
    /// <param name="concurrency">1 to 10,000; <see langword="null"/> for what each host was given.</param>
    /// <param name="node">The name of a node; <see langword="null"/> for every node.</param>
    /// <param name="cancellationToken">Gives up waiting; the concurrency may be changed then, or not.</param>
    /// <exception cref="ArgumentOutOfRangeException">The concurrency is not 1 to 10,000.</exception>
    /// <inheritdoc cref="PauseAsync" path="/exception"/>
    public async Task<int> ScaleAsync(string? queue, int? concurrency, string? node = null, CancellationToken cancellationToken = default)
    {
        if (concurrency is < 1 or > 10_000)
            throw new ArgumentOutOfRangeException(nameof(concurrency), concurrency, "The concurrency of a queue must be 1 to 10,000.");
        var nodes = await _store.ScaleQueueAsync(Known(queue, nameof(queue)), Known(node, nameof(node)), concurrency, cancellationToken).ConfigureAwait(false);
        _control.Tell();
        return nodes;
    }

    /// <summary>The queues that living nodes work, or of which something was said at run time, by name.</summary>
    /// <exception cref="DatabaseUnavailableException">PostgreSQL cannot be reached.</exception>
    public Task<IReadOnlyList<QueueStatus>> GetAsync(CancellationToken cancellationToken = default) => _store.GetQueuesAsync(cancellationToken);

    async Task<int> SetAsync(QueueState state, string? queue, string? node, CancellationToken cancellationToken)
    {
        var nodes = await _store.SetQueueStateAsync(Known(queue, nameof(queue)), Known(node, nameof(node)), state, cancellationToken).ConfigureAwait(false);
        _control.Tell();
        return nodes;
    }

    static string? Known(string? name, string parameter)
    {
        if (name is not null && (string.IsNullOrWhiteSpace(name) || name.Length > 200 || !StorableText.IsStorable(name)))
            throw new ArgumentException("A name has 1 to 200 characters, and none that PostgreSQL cannot store; null stands for all.", parameter);
        return name;
    }
}
