using System.Runtime.CompilerServices;

namespace Jobs;

public sealed partial class JobClient
{
    /// <summary>A job with everything that is stored of it; <see langword="null"/> if there is none with this id.</summary>
    /// <exception cref="DatabaseUnavailableException">PostgreSQL cannot be reached.</exception>
    public async Task<StoredJob?> FindAsync(long id, CancellationToken cancellationToken = default)
    {
        var page = await _store.ListAsync(new JobFilter { Ids = [id] }, 1, null, JobOrder.NewestFirst, cancellationToken).ConfigureAwait(false);
        return page.Jobs is [var job] ? job : null;
    }

    /// <summary>A page of the jobs that a filter means.</summary>
    /// <param name="filter">Which jobs; <see cref="JobFilter.All"/> for every one.</param>
    /// <param name="pageSize">How many at most; 1 to 1,000. A page has 8 MiB at most, so fewer if they are large.</param>
    /// <param name="after">The <see cref="JobPage.Next"/> of the page before; <see langword="null"/> for the first.</param>
    /// <param name="order">Which come first. Pages follow each other by the ids, so jobs that are enqueued meanwhile move nothing.</param>
    /// <param name="cancellationToken">Cancels the statement.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="pageSize"/> is out of range.</exception>
    /// <exception cref="DatabaseUnavailableException">PostgreSQL cannot be reached.</exception>
    public Task<JobPage> ListAsync(
        JobFilter filter, int pageSize = 100, long? after = null, JobOrder order = JobOrder.NewestFirst, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(filter);
        ArgumentOutOfRangeException.ThrowIfLessThan(pageSize, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(pageSize, 1_000);
        return _store.ListAsync(filter, pageSize, after, order, cancellationToken);
    }

    /// <summary>All the jobs that a filter means, read page by page, each page in a snapshot of its own.</summary>
    /// <param name="filter">Which jobs; <see cref="JobFilter.All"/> for every one.</param>
    /// <param name="order">Which come first.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    /// <exception cref="DatabaseUnavailableException">PostgreSQL cannot be reached.</exception>
    public IAsyncEnumerable<StoredJob> ReadAllAsync(
        JobFilter filter, JobOrder order = JobOrder.NewestFirst, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(filter);
        return ReadPagesAsync(filter, order, cancellationToken);
    }

    async IAsyncEnumerable<StoredJob> ReadPagesAsync(JobFilter filter, JobOrder order, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        JobPage? page = null;
        do
        {
            page = await _store.ListAsync(filter, 500, page?.Next, order, cancellationToken).ConfigureAwait(false);
            foreach (var job in page.Jobs)
                yield return job;
        }
        while (page.Next is not null);
    }

    /// <summary>How many jobs a filter means, counted up to a limit.</summary>
    /// <param name="filter">Which jobs; <see cref="JobFilter.All"/> for every one.</param>
    /// <param name="atMost">Where the counting stops; 1 to 1,000,000. Rows that the filter does not mean are not among them.</param>
    /// <param name="cancellationToken">Cancels the statement.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="atMost"/> is out of range.</exception>
    /// <exception cref="DatabaseUnavailableException">PostgreSQL cannot be reached.</exception>
    public Task<JobCount> CountAsync(JobFilter filter, int atMost = 10_000, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(filter);
        ThrowIfNoLimit(atMost);
        return _store.CountAsync(filter, atMost, cancellationToken);
    }

    /// <summary>How many jobs of each queue have not ended, by their state, each counted up to a limit. Queues without such jobs are left out.</summary>
    /// <param name="atMost">Where the counting stops; 1 to 1,000,000.</param>
    /// <param name="cancellationToken">Cancels the statement.</param>
    /// <remarks>It reads the indexes that the engine has anyway, so what has ended costs it nothing, and is not counted.</remarks>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="atMost"/> is out of range.</exception>
    /// <exception cref="DatabaseUnavailableException">PostgreSQL cannot be reached.</exception>
    public Task<IReadOnlyList<QueueCounts>> CountQueuesAsync(int atMost = 10_000, CancellationToken cancellationToken = default)
    {
        ThrowIfNoLimit(atMost);
        return _store.CountQueuesAsync(atMost, cancellationToken);
    }

    static void ThrowIfNoLimit(int atMost)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(atMost, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(atMost, 1_000_000);
    }

    /// <summary>Waits until a job has ended, wherever it runs.</summary>
    /// <param name="id">The job's id.</param>
    /// <param name="cancellationToken">Ends the waiting, not the job.</param>
    /// <returns>The job in its final state.</returns>
    /// <remarks>
    /// All waits of a client share one statement, sent at once when a job ends in this process, and else after 100 milliseconds to a second. While
    /// PostgreSQL cannot be reached it goes on waiting.
    /// </remarks>
    /// <exception cref="JobNotFoundException">There is no such job, or it was deleted before it was seen to have ended.</exception>
    public Task<StoredJob> WaitAsync(long id, CancellationToken cancellationToken = default) => _waits.WaitAsync(id, cancellationToken);

    /// <param name="id">The job's id.</param>
    /// <param name="timeout">How long to wait at most.</param>
    /// <param name="cancellationToken">Ends the waiting, not the job.</param>
    /// <exception cref="TimeoutException">The job has not ended within <paramref name="timeout"/>. It goes on.</exception>
    /// <inheritdoc cref="WaitAsync(long, CancellationToken)"/>
    public async Task<StoredJob> WaitAsync(long id, TimeSpan timeout, CancellationToken cancellationToken = default)
    {
        using var until = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        until.CancelAfter(timeout);
        try
        {
            return await _waits.WaitAsync(id, until.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException exception) when (!cancellationToken.IsCancellationRequested)
        {
            throw new TimeoutException($"Job {id} has not ended within {timeout}.", exception);
        }
    }
}
