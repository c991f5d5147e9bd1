using System.Runtime.CompilerServices;

namespace Jobs;

public sealed partial class JobClient
{
    // How often a batch is looked at that somebody waits for or watches: often at first, for most are short.
    static readonly TimeSpan SoonestLook = TimeSpan.FromMilliseconds(50);
    static readonly TimeSpan LatestLook = TimeSpan.FromSeconds(1);

    // Over how long a rate is taken.
    static readonly TimeSpan RateOver = TimeSpan.FromSeconds(10);

    /// <summary>How far a batch is.</summary>
    /// <exception cref="BatchNotFoundException">No batch has this id.</exception>
    /// <exception cref="DatabaseUnavailableException">PostgreSQL cannot be reached.</exception>
    public async Task<BatchStatus> GetBatchAsync(string id, CancellationToken cancellationToken = default)
    {
        ThrowIfNoBatchId(id);
        return await _store.FindBatchAsync(id, cancellationToken).ConfigureAwait(false) ?? throw new BatchNotFoundException(id);
    }

    /// <summary>A page of the batches that a filter means, the newest first.</summary>
    /// <param name="filter">Which batches; an empty one means all.</param>
    /// <param name="pageSize">How many at most; 1 to 1,000.</param>
    /// <param name="after">The <see cref="BatchPage.Next"/> of the page before; <see langword="null"/> for the first.</param>
    /// <param name="cancellationToken">Cancels the statement.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="pageSize"/> is out of range.</exception>
    /// <exception cref="DatabaseUnavailableException">PostgreSQL cannot be reached.</exception>
    public Task<BatchPage> ListBatchesAsync(BatchFilter filter, int pageSize = 100, long? after = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(filter);
        ArgumentOutOfRangeException.ThrowIfLessThan(pageSize, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(pageSize, 1_000);
        return _store.ListBatchesAsync(filter, pageSize, after, cancellationToken);
    }

    /// <summary>Waits until every job of a batch has ended, wherever they run.</summary>
    /// <param name="batchId">The batch's id.</param>
    /// <param name="cancellationToken">Ends the waiting, not the batch.</param>
    /// <returns>The batch at its end. Its callback may not have run yet: <see cref="BatchStatus.CallbackState"/>.</returns>
    /// <remarks>
    /// It is told of the end where notifications are on. It looks after 50 milliseconds, and then less and less often, each second at last,
    /// whatever it hears. While PostgreSQL cannot be reached it goes on waiting.
    /// </remarks>
    /// <exception cref="BatchNotFoundException">No batch has this id.</exception>
    public async Task<BatchStatus> WaitAsync(string batchId, CancellationToken cancellationToken = default)
    {
        await foreach (var progress in WatchAsync(batchId, cancellationToken).ConfigureAwait(false))
        {
            if (progress.Status.IsClosed)
                return progress.Status;
        }

        throw new BatchNotFoundException(batchId);
    }

    /// <summary>Tells how far a batch is whenever that has changed, until every job of it has ended.</summary>
    /// <param name="batchId">The batch's id.</param>
    /// <param name="cancellationToken">Ends the watching, not the batch.</param>
    /// <returns>
    /// The batch as it is now, and then about each second when it has changed; the last is the batch at its end, and comes within milliseconds
    /// of it. Where notifications are off it comes within a second. While PostgreSQL cannot be reached nothing comes.
    /// </returns>
    /// <exception cref="BatchNotFoundException">No batch has this id; or it was deleted meanwhile.</exception>
    public IAsyncEnumerable<BatchProgress> WatchAsync(string batchId, CancellationToken cancellationToken = default)
    {
        ThrowIfNoBatchId(batchId);
        return LookAsync(batchId, cancellationToken);
    }

    async IAsyncEnumerable<BatchProgress> LookAsync(string batchId, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using var watch = _watches.Join(batchId);
        var seen = new Queue<BatchStatus>();
        BatchStatus? last = null;
        for (var wait = SoonestLook; ; wait = wait * 2 < LatestLook ? wait * 2 : LatestLook)
        {
            if (await TryGetAsync(batchId, cancellationToken).ConfigureAwait(false) is { } status)
            {
                seen.Enqueue(status);
                while (seen.Count > 2 && status.AsOf - seen.Peek().AsOf > RateOver)
                    seen.Dequeue();
                if (last is null || !Seen(status).Equals(Seen(last)))
                    yield return new BatchProgress(last = status, Rate(seen.Peek(), status));
                if (status.IsClosed)
                    yield break;
            }

            await watch.WaitAsync(wait, cancellationToken).ConfigureAwait(false);
        }
    }

    static object Seen(BatchStatus status) => (
        status.Total, status.Pending, status.Retryable, status.Completed, status.Cancelled, status.Discarded, status.SealedAt, status.ClosedAt, status.CancelRequestedAt);

    static double Rate(BatchStatus first, BatchStatus last) =>
        last.AsOf - first.AsOf is { Ticks: > 0 } time ? Math.Max(0, last.Ended - first.Ended) / time.TotalSeconds : last.JobsPerSecond;

    async Task<BatchStatus?> TryGetAsync(string batchId, CancellationToken cancellationToken)
    {
        try
        {
            return await GetBatchAsync(batchId, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is DatabaseUnavailableException or Npgsql.NpgsqlException { IsTransient: true } or TimeoutException)
        {
            return null;
        }
    }

    /// <summary>Runs the cancelled and discarded jobs of a batch again.</summary>
    /// <param name="batchId">The batch's id.</param>
    /// <param name="progress">Hears how many are available now, after each thousand.</param>
    /// <param name="cancellationToken">Stops between two statements. What was retried stays so, and the call can be repeated.</param>
    /// <returns>
    /// How many jobs run again, and in which batch: as long as the batch has not ended they go back into it. One that has ended has told of them;
    /// they move into a new batch, <c>ID/retry-1</c> and so on, with the same callbacks and metadata.
    /// </returns>
    /// <exception cref="BatchNotFoundException">No batch has this id.</exception>
    /// <exception cref="DatabaseUnavailableException">PostgreSQL cannot be reached. What was retried before stays so.</exception>
    public async Task<BatchRetry> RetryFailedAsync(string batchId, IProgress<long>? progress = null, CancellationToken cancellationToken = default)
    {
        var status = await GetBatchAsync(batchId, cancellationToken).ConfigureAwait(false);
        if (!status.IsClosed)
        {
            var failed = new JobFilter { Batch = batchId, States = [JobState.Cancelled, JobState.Discarded] };
            var back = await RetryAsync(failed, progress, cancellationToken).ConfigureAwait(false);
            if (back > 0 || !(await GetBatchAsync(batchId, cancellationToken).ConfigureAwait(false)).IsClosed)
                return new BatchRetry(batchId, back);
        }

        if (await _store.OpenRetryBatchAsync(batchId, cancellationToken).ConfigureAwait(false) is not var (id, key))
            return new BatchRetry(batchId, 0);
        var moved = await ChangeAllAsync(
            (jobs, token) => _store.MoveFailedAsync(batchId, key, jobs.After, jobs.Limit, token), JobFilter.All, progress, cancellationToken).ConfigureAwait(false);
        await SealAsync(id, cancellationToken: cancellationToken).ConfigureAwait(false);
        return new BatchRetry(id, moved);
    }

    /// <summary>The completed members of a batch that returned something, with their outputs, as a stream: <see cref="StoredJob.OutputAs"/>.</summary>
    /// <param name="batchId">The batch's id.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    /// <remarks>In the order of their ids, page by page. A callback can read them too. Jobs that were pruned are gone: see <see cref="RetentionOptions"/>.</remarks>
    /// <exception cref="DatabaseUnavailableException">PostgreSQL cannot be reached.</exception>
    public IAsyncEnumerable<StoredJob> ReadOutputsAsync(string batchId, CancellationToken cancellationToken = default)
    {
        ThrowIfNoBatchId(batchId);
        return ReadAllAsync(new JobFilter { Batch = batchId, States = [JobState.Completed] }, JobOrder.OldestFirst, cancellationToken).Where(static job => job.Output is not null);
    }

    /// <summary>The discarded and cancelled members of a batch, with their errors, as a stream.</summary>
    /// <inheritdoc cref="ReadOutputsAsync"/>
    public IAsyncEnumerable<StoredJob> ReadFailuresAsync(string batchId, CancellationToken cancellationToken = default)
    {
        ThrowIfNoBatchId(batchId);
        return ReadAllAsync(new JobFilter { Batch = batchId, States = [JobState.Discarded, JobState.Cancelled] }, JobOrder.OldestFirst, cancellationToken);
    }
}
