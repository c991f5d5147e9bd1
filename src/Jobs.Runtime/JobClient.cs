using System.Data.Common;
using Jobs.Generated;
using Jobs.Queues;
using Jobs.Store;

namespace Jobs;

/// <summary>Enqueues jobs and batches, changes and reads those that are stored, and tells how far a batch is. Safe to share between threads.</summary>
/// <remarks>
/// <para>Each call is one transaction, or part of the caller's: all of it is stored, or none.</para>
/// <para>
/// A call whose connection breaks after the commit was sent throws an exception of Npgsql, and nobody knows then whether the jobs are
/// stored; it is not repeated. A job with a <see cref="NewJob.Key"/> can be enqueued again, and is stored once; a batch can be repeated by its
/// id: if it was stored, <see cref="BatchExistsException"/> says so.
/// </para>
/// </remarks>
public sealed partial class JobClient
{
    readonly JobStore _store;
    readonly LocalStarts _starts;
    readonly QueueSignals _signals;
    readonly ControlSignal _control;
    readonly JobWaits _waits;
    readonly BatchWatches _watches;
    readonly EnqueueMiddleware _middleware;

    internal JobClient(
        JobStore store, LocalStarts starts, QueueSignals signals, ControlSignal control, JobWaits waits, BatchWatches watches, EnqueueMiddleware middleware)
    {
        _store = store;
        _starts = starts;
        _signals = signals;
        _control = control;
        _waits = waits;
        _watches = watches;
        _middleware = middleware;
        Queues = new QueueClient(store, control);
    }

    /// <summary>Pauses, resumes, scales and stops queues, and tells how they are.</summary>
    public QueueClient Queues { get; }

    /// <summary>Stores one job, or finds the one that it is one with.</summary>
    /// <remarks>Where its queue waits for work in this process the job starts as soon as it is committed, and may have ended when the call returns.</remarks>
    /// <exception cref="JobExistsException">The worker's <see cref="UniqueAttribute"/> refuses an equal job, and one is there; nothing was stored.</exception>
    /// <exception cref="ArgumentException">The job has both a <see cref="NewJob.ScheduleIn"/> and a <see cref="NewJob.ScheduleAt"/>.</exception>
    /// <exception cref="InvalidArgsException">PostgreSQL cannot store the args, which a converter wrote; nothing was stored.</exception>
    /// <exception cref="DatabaseUnavailableException">PostgreSQL cannot be reached; nothing was stored.</exception>
    public async Task<EnqueuedJob> EnqueueAsync(NewJob job, CancellationToken cancellationToken = default)
    {
        var enlisted = new Enlisted(_signals, new EnqueueOptions());
        var enqueued = await StoreAsync(job, enlisted, cancellationToken).ConfigureAwait(false);
        enlisted.Wake();
        return enqueued;
    }

    /// <summary>Stores one job in the caller's transaction, with which it is committed or rolled back.</summary>
    /// <param name="job">The job.</param>
    /// <param name="transaction">One of PostgreSQL, on the database of the jobs; that of Entity Framework Core fits.</param>
    /// <param name="cancellationToken">Cancels the statement, after which PostgreSQL lets the transaction only be rolled back.</param>
    /// <exception cref="ArgumentException">The job has two schedules, or the transaction is not one of PostgreSQL.</exception>
    /// <exception cref="JobExistsException">The worker's <see cref="UniqueAttribute"/> refuses an equal job, and one is there; nothing was stored.</exception>
    /// <exception cref="InvalidArgsException">PostgreSQL cannot store the args, which a converter wrote; the transaction can only be rolled back.</exception>
    /// <exception cref="InvalidOperationException">The transaction has ended, is of another database, or its connection is busy.</exception>
    public async Task<EnqueuedJob> EnqueueAsync(NewJob job, DbTransaction transaction, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(transaction);
        var enlisted = new Enlisted(_signals, new EnqueueOptions { Transaction = transaction });
        return await StoreAsync(job, enlisted, cancellationToken).ConfigureAwait(false);
    }

    Task<EnqueuedJob> StoreAsync(NewJob job, Enlisted enlisted, CancellationToken cancellationToken)
    {
        enlisted.Check(job);
        return _middleware.IsEmpty
            ? StoreOrStartAsync(job, enlisted, cancellationToken)
            : StoreThroughMiddlewareAsync(job, enlisted, cancellationToken);
    }

    async Task<EnqueuedJob> StoreOrStartAsync(NewJob job, Enlisted enlisted, CancellationToken cancellationToken)
    {
        if (enlisted.Terms.Transaction is null && await _starts.TryEnqueueAsync(job, cancellationToken).ConfigureAwait(false) is { } started)
        {
            enlisted.Started();
            return started;
        }

        return await _store.EnqueueAsync(job, enlisted.Terms, cancellationToken).ConfigureAwait(false);
    }

    Task<EnqueuedJob> StoreThroughMiddlewareAsync(NewJob job, Enlisted enlisted, CancellationToken cancellationToken)
    {
        var context = new EnqueueContext(AsyncEnumerable.Repeat(job, 1), isSingle: true, batchId: null, enlisted.Terms.Transaction);
        return _middleware.RunAsync(
            context,
            async (call, token) =>
            {
                var jobs = await call.Jobs.Take(2).ToListAsync(token).ConfigureAwait(false);
                if (jobs is not [var only])
                    throw new InvalidOperationException($"An enqueue middleware made {(jobs.Count == 0 ? "no job" : "several jobs")} of the one that was to be enqueued. Nothing was stored.");
                var enqueued = await StoreOrStartAsync(enlisted.Check(only), enlisted, token).ConfigureAwait(false);
                call.Enqueued = [enqueued];
                return enqueued;
            },
            cancellationToken);
    }

    /// <summary>Stores many jobs, all or none, and returns what became of each, in the order given. Of equal ones the first wins.</summary>
    /// <param name="jobs">Read once, in chunks of up to 2,000 jobs or a megabyte of args.</param>
    /// <param name="cancellationToken">Rolls everything back.</param>
    /// <exception cref="ArgumentException">A job is null, or has two schedules. Nothing was stored.</exception>
    /// <exception cref="JobExistsException">The worker's <see cref="UniqueAttribute"/> refuses an equal job, and one is there; nothing of the call was stored.</exception>
    /// <exception cref="InvalidArgsException">PostgreSQL cannot store the args of a job, which the message names. Nothing was stored.</exception>
    /// <exception cref="DatabaseUnavailableException">PostgreSQL cannot be reached; nothing was stored.</exception>
    public Task<IReadOnlyList<EnqueuedJob>> EnqueueManyAsync(IEnumerable<NewJob> jobs, CancellationToken cancellationToken = default) =>
        EnqueueManyAsync(jobs, static _ => { }, cancellationToken);

    /// <param name="jobs">Read once, in chunks of up to 2,000 jobs or a megabyte of args. Between them it may use the connection of the caller's transaction.</param>
    /// <param name="configure">Says in whose transaction the jobs are stored, and who hears how far it is.</param>
    /// <param name="cancellationToken">Rolls everything back, in the caller's transaction up to where it was.</param>
    /// <exception cref="InvalidOperationException">The caller's transaction has ended, or its connection is busy. Nothing was stored.</exception>
    /// <inheritdoc cref="EnqueueManyAsync(IEnumerable{NewJob}, CancellationToken)"/>
    public Task<IReadOnlyList<EnqueuedJob>> EnqueueManyAsync(
        IEnumerable<NewJob> jobs, Action<EnqueueOptions> configure, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(jobs);
        return EnqueueManyAsync(jobs.ToAsyncEnumerable(), configure, cancellationToken);
    }

    /// <inheritdoc cref="EnqueueManyAsync(IEnumerable{NewJob}, CancellationToken)"/>
    public Task<IReadOnlyList<EnqueuedJob>> EnqueueManyAsync(IAsyncEnumerable<NewJob> jobs, CancellationToken cancellationToken = default) =>
        EnqueueManyAsync(jobs, static _ => { }, cancellationToken);

    /// <inheritdoc cref="EnqueueManyAsync(IEnumerable{NewJob}, Action{EnqueueOptions}, CancellationToken)"/>
    public async Task<IReadOnlyList<EnqueuedJob>> EnqueueManyAsync(
        IAsyncEnumerable<NewJob> jobs, Action<EnqueueOptions> configure, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(jobs);
        ArgumentNullException.ThrowIfNull(configure);
        var options = new EnqueueOptions();
        configure(options);
        var enlisted = new Enlisted(_signals, options);
        var enqueued = await StoreAsync(jobs, enlisted, cancellationToken).ConfigureAwait(false);
        enlisted.Wake();
        return enqueued;
    }

    Task<IReadOnlyList<EnqueuedJob>> StoreAsync(IAsyncEnumerable<NewJob> jobs, Enlisted enlisted, CancellationToken cancellationToken) =>
        _middleware.IsEmpty
            ? _store.EnqueueAsync(jobs.Select(enlisted.Check), enlisted.Terms, cancellationToken)
            : StoreThroughMiddlewareAsync(jobs, enlisted, cancellationToken);

    Task<IReadOnlyList<EnqueuedJob>> StoreThroughMiddlewareAsync(IAsyncEnumerable<NewJob> jobs, Enlisted enlisted, CancellationToken cancellationToken)
    {
        var context = new EnqueueContext(jobs.Select(enlisted.Check), isSingle: false, batchId: null, enlisted.Terms.Transaction);
        return _middleware.RunAsync(
            context,
            async (call, token) => call.Enqueued = await _store.EnqueueAsync(call.Jobs.Select(enlisted.Check), enlisted.Terms, token).ConfigureAwait(false),
            cancellationToken);
    }

    /// <summary>The jobs of one call: each is checked as it passes, and the queues that they go to are woken when it is over.</summary>
    sealed class Enlisted
    {
        readonly QueueSignals _signals;

        public Enlisted(QueueSignals signals, EnqueueOptions options)
        {
            _signals = signals;
            IReadOnlyCollection<string> wokenByCommit = options.Transaction is not null && signals.ReachOtherNodes ? Queues : [];
            Terms = new EnqueueTerms(options.Transaction, options.Progress, wokenByCommit);
        }

        public HashSet<string> Queues { get; } = new(StringComparer.Ordinal);

        public EnqueueTerms Terms { get; }

        public NewJob Check(NewJob job)
        {
            if (job is null)
                throw new ArgumentException("A job to enqueue is null.", nameof(job));
            if (job.ScheduleAt is not null && job.ScheduleIn is not null)
                throw new ArgumentException($"A job of {job.Worker} has both ScheduleAt and ScheduleIn. Set one of them.", nameof(job));
            if (!StorableText.IsStorable(job.Queue))
                throw new ArgumentException($"A job of {job.Worker} has a queue name that PostgreSQL cannot store: it holds a NUL or half of a surrogate pair.", nameof(job));
            if (IsDue(job))
                Queues.Add(job.Queue);
            return job;
        }

        /// <summary>Checks a member of a batch, and meets its worker.</summary>
        public NewJob Member(NewJob job, BatchListeners listeners)
        {
            Check(job);
            listeners.Meet(job.Definition);
            return job;
        }

        /// <summary>Who is told of the batch; their queues are woken too, for a batch may close at once.</summary>
        public IReadOnlyList<BatchListener> Told(BatchListeners listeners, string call)
        {
            var told = listeners.Choose(call);
            Queues.UnionWith(told.Select(static listener => listener.Queue));
            return told;
        }

        /// <summary>The only job runs here already, and nobody is to be woken.</summary>
        public void Started() => Queues.Clear();

        // By this machine's clock, for it decides no more than whether the queue is woken.
        static bool IsDue(NewJob job) => (job.ScheduleIn ?? TimeSpan.Zero) == TimeSpan.Zero && (job.ScheduleAt ?? default) <= DateTimeOffset.UtcNow;

        /// <summary>Wakes the queues of jobs that are committed. Those of the caller's transaction are not yet.</summary>
        public void Wake()
        {
            if (Terms.Transaction is null)
                _signals.Wake(Queues);
        }
    }
}
