using Jobs.Generated;
using Jobs.Queues;
using Jobs.Store;

namespace Jobs;

/// <summary>Enqueues jobs and batches, and tells how far a batch is. Safe to share between threads.</summary>
/// <remarks>Each call is one transaction: all of it is stored, or none.</remarks>
public sealed class JobClient
{
    readonly JobStore _store;
    readonly QueueSignals _signals;

    internal JobClient(JobStore store, QueueSignals signals)
    {
        _store = store;
        _signals = signals;
    }

    /// <summary>Stores one job.</summary>
    /// <exception cref="ArgumentException">The job has both a <see cref="NewJob.ScheduleIn"/> and a <see cref="NewJob.ScheduleAt"/>.</exception>
    /// <exception cref="DatabaseUnavailableException">PostgreSQL cannot be reached; nothing was stored.</exception>
    public async Task<EnqueuedJob> EnqueueAsync(NewJob job, CancellationToken cancellationToken = default)
    {
        var jobs = await EnqueueManyAsync([job], cancellationToken).ConfigureAwait(false);
        return jobs[0];
    }

    /// <summary>Stores many jobs, all or none, and returns them in the order given.</summary>
    /// <param name="jobs">Read once, in chunks of 1,000.</param>
    /// <param name="cancellationToken">Rolls everything back.</param>
    /// <exception cref="ArgumentException">A job is null, or has two schedules. Nothing was stored.</exception>
    /// <exception cref="DatabaseUnavailableException">PostgreSQL cannot be reached; nothing was stored.</exception>
    public async Task<IReadOnlyList<EnqueuedJob>> EnqueueManyAsync(IEnumerable<NewJob> jobs, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(jobs);
        var queues = new HashSet<string>(StringComparer.Ordinal);
        var ids = await _store.EnqueueAsync(jobs.Select(job => Checked(job, queues)), cancellationToken).ConfigureAwait(false);
        _signals.Wake(queues);
        return [.. ids.Select(id => new EnqueuedJob(id))];
    }

    /// <summary>Stores a batch under an id that nobody else has: a version 7 UUID.</summary>
    /// <inheritdoc cref="EnqueueBatchAsync(string, IEnumerable{NewJob}, Action{BatchOptions}?, CancellationToken)"/>
    public Task<BatchRef> EnqueueBatchAsync(
        IEnumerable<NewJob> jobs, Action<BatchOptions>? configure = null, CancellationToken cancellationToken = default) =>
        EnqueueBatchAsync(Guid.CreateVersion7().ToString(), jobs, configure, cancellationToken);

    /// <summary>Stores a batch and all its jobs in one transaction.</summary>
    /// <param name="id">The batch's id, unique while the batch is retained; 1 to 200 characters.</param>
    /// <param name="jobs">The members; read once, in chunks of 1,000. An empty batch is complete at once.</param>
    /// <param name="configure">Names the callback's worker, where the members do not say it.</param>
    /// <param name="cancellationToken">Rolls everything back.</param>
    /// <exception cref="BatchExistsException">A batch has this id. Nothing was stored.</exception>
    /// <exception cref="ArgumentException">The id or a job is not as it must be. Nothing was stored.</exception>
    /// <exception cref="InvalidOperationException">Two workers among the jobs could get the callback, and none was named. Nothing was stored.</exception>
    /// <exception cref="DatabaseUnavailableException">PostgreSQL cannot be reached; nothing was stored.</exception>
    public async Task<BatchRef> EnqueueBatchAsync(
        string id, IEnumerable<NewJob> jobs, Action<BatchOptions>? configure = null, CancellationToken cancellationToken = default)
    {
        ThrowIfNoBatchId(id);
        ArgumentNullException.ThrowIfNull(jobs);
        var options = new BatchOptions();
        configure?.Invoke(options);
        var queues = new HashSet<string>(StringComparer.Ordinal);
        var candidates = new HashSet<WorkerDefinition>();

        var batch = await _store.EnqueueBatchAsync(id, jobs.Select(Member), Callback, cancellationToken).ConfigureAwait(false);
        _signals.Wake(queues);
        return batch;

        NewJob Member(NewJob job)
        {
            Checked(job, queues);
            if (job.Definition.PerformsBatchComplete)
                candidates.Add(job.Definition);
            return job;
        }

        WorkerDefinition? Callback()
        {
            var worker = options.CompleteWorker ?? OnlyOf(candidates);
            if (worker is not null)
                queues.Add(worker.Queue);
            return worker;
        }
    }

    /// <summary>How far a batch is.</summary>
    /// <exception cref="BatchNotFoundException">No batch has this id.</exception>
    /// <exception cref="DatabaseUnavailableException">PostgreSQL cannot be reached.</exception>
    public async Task<BatchStatus> GetBatchAsync(string id, CancellationToken cancellationToken = default)
    {
        ThrowIfNoBatchId(id);
        return await _store.FindBatchAsync(id, cancellationToken).ConfigureAwait(false) ?? throw new BatchNotFoundException(id);
    }

    static NewJob Checked(NewJob job, HashSet<string> queues)
    {
        if (job is null)
            throw new ArgumentException("A job to enqueue is null.", nameof(job));
        if (job.ScheduleAt is not null && job.ScheduleIn is not null)
            throw new ArgumentException($"A job of {job.Worker} has both ScheduleAt and ScheduleIn. Set one of them.", nameof(job));
        if (!StorableText.IsStorable(job.Queue))
            throw new ArgumentException($"A job of {job.Worker} has a queue name that PostgreSQL cannot store: it holds a NUL or half of a surrogate pair.", nameof(job));
        queues.Add(job.Queue);
        return job;
    }

    static WorkerDefinition? OnlyOf(HashSet<WorkerDefinition> candidates) => candidates.Count switch
    {
        0 => null,
        1 => candidates.Single(),
        _ => throw new InvalidOperationException(
            $"The workers {string.Join(" and ", candidates.Select(worker => worker.Name).Order(StringComparer.Ordinal))} could each get the batch's BatchComplete. " +
            "Name the one that should: EnqueueBatchAsync(id, jobs, batch => batch.OnComplete<ThatWorker>()). Nothing was stored."),
    };

    static void ThrowIfNoBatchId(string id)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(id);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(id.Length, 200, nameof(id));
        if (!StorableText.IsStorable(id))
            throw new ArgumentException("The batch's id holds a NUL character or half of a surrogate pair, which PostgreSQL cannot store.", nameof(id));
    }
}
