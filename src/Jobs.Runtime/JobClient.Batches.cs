using Jobs.Generated;
using Jobs.Store;

namespace Jobs;

public sealed partial class JobClient
{
    /// <summary>Stores a batch under an id that nobody else has: a version 7 UUID.</summary>
    /// <inheritdoc cref="EnqueueBatchAsync(string, IEnumerable{NewJob}, Action{BatchOptions}?, CancellationToken)"/>
    public Task<BatchRef> EnqueueBatchAsync(
        IEnumerable<NewJob> jobs, Action<BatchOptions>? configure = null, CancellationToken cancellationToken = default) =>
        EnqueueBatchAsync(Guid.CreateVersion7().ToString(), jobs, configure, cancellationToken);

    /// <inheritdoc cref="EnqueueBatchAsync(IEnumerable{NewJob}, Action{BatchOptions}?, CancellationToken)"/>
    public Task<BatchRef> EnqueueBatchAsync(
        IAsyncEnumerable<NewJob> jobs, Action<BatchOptions>? configure = null, CancellationToken cancellationToken = default) =>
        EnqueueBatchAsync(Guid.CreateVersion7().ToString(), jobs, configure, cancellationToken);

    /// <summary>Stores a batch and all its jobs in one transaction.</summary>
    /// <param name="id">The batch's id, unique while the batch is retained; 1 to 200 characters.</param>
    /// <param name="jobs">
    /// The members; read once, in chunks of up to 2,000 jobs or a megabyte of args, so that a million of them need no more memory than a few
    /// thousand. Between the chunks it may use the connection of the caller's transaction. An empty batch is complete at once. A member that is
    /// one with a job that is there is not stored, and not counted.
    /// </param>
    /// <param name="configure">
    /// Names the callback's worker, where the members do not say it; says in whose transaction the batch is stored, and who hears how far it is.
    /// </param>
    /// <param name="cancellationToken">Rolls everything back, in the caller's transaction up to where it was.</param>
    /// <exception cref="BatchExistsException">A batch has this id. Nothing was stored.</exception>
    /// <exception cref="JobExistsException">The worker's <see cref="UniqueAttribute"/> refuses an equal job, and one is there; nothing of the call was stored.</exception>
    /// <exception cref="ArgumentException">The id or a job is not as it must be. Nothing was stored.</exception>
    /// <exception cref="InvalidArgsException">PostgreSQL cannot store the args of a job, which the message names. Nothing was stored.</exception>
    /// <exception cref="InvalidOperationException">
    /// Two workers among the jobs could get the callback, and none was named; or the caller's transaction has ended, or its connection is busy.
    /// Nothing was stored.
    /// </exception>
    /// <exception cref="DatabaseUnavailableException">PostgreSQL cannot be reached; nothing was stored.</exception>
    public Task<BatchRef> EnqueueBatchAsync(
        string id, IEnumerable<NewJob> jobs, Action<BatchOptions>? configure = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(jobs);
        return EnqueueBatchAsync(id, jobs.ToAsyncEnumerable(), configure, cancellationToken);
    }

    /// <inheritdoc cref="EnqueueBatchAsync(string, IEnumerable{NewJob}, Action{BatchOptions}?, CancellationToken)"/>
    public async Task<BatchRef> EnqueueBatchAsync(
        string id, IAsyncEnumerable<NewJob> jobs, Action<BatchOptions>? configure = null, CancellationToken cancellationToken = default)
    {
        ThrowIfNoBatchId(id);
        ArgumentNullException.ThrowIfNull(jobs);
        var options = new BatchOptions();
        configure?.Invoke(options);
        var enlisted = new Enlisted(_signals, options);
        var listeners = new BatchListeners(options.Listeners);

        var batch = _middleware.IsEmpty
            ? await StoreAsync(jobs, cancellationToken).ConfigureAwait(false)
            : await _middleware.RunAsync(
                new EnqueueContext(jobs.Select(enlisted.Check), isSingle: false, id, enlisted.Terms.Transaction),
                (call, token) => StoreAsync(call.Jobs, token),
                cancellationToken).ConfigureAwait(false);
        enlisted.Wake();
        return batch;

        Task<BatchRef> StoreAsync(IAsyncEnumerable<NewJob> members, CancellationToken token) =>
            _store.EnqueueBatchAsync(options.NewBatch(id), members.Select(job => enlisted.Member(job, listeners)), () => enlisted.Told(listeners, nameof(EnqueueBatchAsync)), enlisted.Terms, token);
    }

    /// <summary>Opens a batch that takes jobs until it is sealed, over as many transactions as it takes.</summary>
    /// <param name="id">The batch's id, unique while the batch is retained; 1 to 200 characters.</param>
    /// <param name="configure">Says who is told, what the batch is in, and what becomes of it if nobody seals it.</param>
    /// <param name="cancellationToken">Rolls everything back.</param>
    /// <remarks>
    /// Jobs that were added start at once, and the batch closes only when it is sealed and all of them have ended. A batch to which nothing is
    /// added for <see cref="OpenBatchOptions.OpenFor"/> is taken for one whose builder has died.
    /// </remarks>
    /// <exception cref="BatchExistsException">A batch has this id. Nothing was stored.</exception>
    /// <exception cref="BatchNotFoundException">There is no batch with the id of <see cref="BatchOptions.Parent"/>. Nothing was stored.</exception>
    /// <exception cref="BatchSealedException">The parent takes no members any more. Nothing was stored.</exception>
    /// <exception cref="DatabaseUnavailableException">PostgreSQL cannot be reached; nothing was stored.</exception>
    public Task<BatchRef> OpenBatchAsync(string id, Action<OpenBatchOptions>? configure = null, CancellationToken cancellationToken = default)
    {
        ThrowIfNoBatchId(id);
        var options = new OpenBatchOptions();
        configure?.Invoke(options);
        var enlisted = new Enlisted(_signals, options);
        return _store.OpenBatchAsync(options.NewBatch(id), options.Listeners, enlisted.Terms, cancellationToken);
    }

    /// <summary>Adds jobs to an open batch, all or none.</summary>
    /// <param name="batchId">The batch's id.</param>
    /// <param name="jobs">Read once, in chunks of up to 2,000 jobs or a megabyte of args.</param>
    /// <param name="configure">
    /// Says in whose transaction the jobs are stored, and who hears how far it is. In the transaction of a running member
    /// (<see cref="JobContext.CompleteAsync"/>) they are added exactly if that member completes.
    /// </param>
    /// <param name="cancellationToken">Rolls everything back, in the caller's transaction up to where it was.</param>
    /// <returns>The batch as it is now.</returns>
    /// <remarks>The batch's row is locked until the transaction has ended, and its acknowledgements wait for it: keep a transaction of yours short.</remarks>
    /// <exception cref="BatchNotFoundException">No batch has this id. Nothing was stored.</exception>
    /// <exception cref="BatchSealedException">The batch is sealed, was cancelled, or has ended. Nothing was stored.</exception>
    /// <exception cref="InvalidOperationException">
    /// Another worker, found among the jobs that came before, gets a callback that a worker of these performs too; or the caller's transaction has
    /// ended, or its connection is busy. Nothing was stored.
    /// </exception>
    /// <exception cref="JobExistsException">The worker's <see cref="UniqueAttribute"/> refuses an equal job, and one is there; nothing of the call was stored.</exception>
    /// <exception cref="InvalidArgsException">PostgreSQL cannot store the args of a job, which the message names. Nothing was stored.</exception>
    /// <exception cref="DatabaseUnavailableException">PostgreSQL cannot be reached; nothing was stored.</exception>
    public Task<BatchRef> AddAsync(
        string batchId, IEnumerable<NewJob> jobs, Action<EnqueueOptions>? configure = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(jobs);
        return AddAsync(batchId, jobs.ToAsyncEnumerable(), configure, cancellationToken);
    }

    /// <inheritdoc cref="AddAsync(string, IEnumerable{NewJob}, Action{EnqueueOptions}?, CancellationToken)"/>
    public async Task<BatchRef> AddAsync(
        string batchId, IAsyncEnumerable<NewJob> jobs, Action<EnqueueOptions>? configure = null, CancellationToken cancellationToken = default)
    {
        ThrowIfNoBatchId(batchId);
        ArgumentNullException.ThrowIfNull(jobs);
        var options = new EnqueueOptions();
        configure?.Invoke(options);
        var enlisted = new Enlisted(_signals, options);
        var listeners = new BatchListeners([]);

        var batch = _middleware.IsEmpty
            ? await StoreAsync(jobs, cancellationToken).ConfigureAwait(false)
            : await _middleware.RunAsync(
                new EnqueueContext(jobs.Select(enlisted.Check), isSingle: false, batchId, enlisted.Terms.Transaction),
                (call, token) => StoreAsync(call.Jobs, token),
                cancellationToken).ConfigureAwait(false);
        enlisted.Wake();
        return batch;

        Task<BatchRef> StoreAsync(IAsyncEnumerable<NewJob> members, CancellationToken token) =>
            _store.AddToBatchAsync(batchId, members.Select(job => enlisted.Member(job, listeners)), () => enlisted.Told(listeners, nameof(OpenBatchAsync)), enlisted.Terms, token);
    }

    /// <summary>Seals a batch: no more jobs come. It closes when all it has have ended, or at once. To seal it again changes nothing.</summary>
    /// <param name="batchId">The batch's id.</param>
    /// <param name="configure">Says in whose transaction.</param>
    /// <param name="cancellationToken">Rolls it back.</param>
    /// <exception cref="BatchNotFoundException">No batch has this id.</exception>
    /// <exception cref="DatabaseUnavailableException">PostgreSQL cannot be reached.</exception>
    public async Task<BatchRef> SealAsync(string batchId, Action<EnqueueOptions>? configure = null, CancellationToken cancellationToken = default)
    {
        ThrowIfNoBatchId(batchId);
        var options = new EnqueueOptions();
        configure?.Invoke(options);
        var result = await _store.SealBatchAsync(batchId, new Enlisted(_signals, options).Terms, cancellationToken).ConfigureAwait(false);
        _signals.Wake(result.Queues);
        return result.Batch;
    }

    /// <summary>Cancels a batch: its members that wait never run, the tokens of those that run fire, and it takes no more.</summary>
    /// <param name="batchId">The batch's id.</param>
    /// <param name="cancellationToken">Gives up waiting for the answer.</param>
    /// <returns>
    /// Whether it is being cancelled; not if all of its members have ended. The call takes as long for a million members as for one: it marks the
    /// batch, and the leader ends what waits, within a second for the first of them. Batches that are in it are cancelled too. The callbacks come
    /// when the last member has ended.
    /// </returns>
    /// <exception cref="BatchNotFoundException">No batch has this id.</exception>
    /// <exception cref="DatabaseUnavailableException">PostgreSQL cannot be reached.</exception>
    public async Task<bool> CancelBatchAsync(string batchId, CancellationToken cancellationToken = default)
    {
        ThrowIfNoBatchId(batchId);
        var result = await _store.CancelBatchAsync(batchId, cancellationToken).ConfigureAwait(false) ?? throw new BatchNotFoundException(batchId);
        if (result.Executing > 0)
            _control.Tell();
        return !result.IsClosed;
    }

    static void ThrowIfNoBatchId(string id)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(id);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(id.Length, 200, nameof(id));
        if (!StorableText.IsStorable(id))
            throw new ArgumentException("The batch's id holds a NUL character or half of a surrogate pair, which PostgreSQL cannot store.", nameof(id));
    }
}
