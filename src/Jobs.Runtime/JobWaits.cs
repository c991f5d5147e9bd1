using Jobs.Queues;
using Jobs.Store;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Jobs;

/// <summary>Everybody in this process who waits for a job to end: one loop, which runs while there is somebody, and one statement for all.</summary>
sealed class JobWaits
{
    static readonly TimeSpan Shortest = TimeSpan.FromMilliseconds(100);
    static readonly TimeSpan Longest = TimeSpan.FromSeconds(1);

    readonly JobStore _store;
    readonly TimeProvider _time;
    readonly ILogger<JobWaits> _logger;
    readonly Lock _gate = new();
    readonly Dictionary<long, Awaited> _awaited = [];
    readonly HashSet<long> _hinted = [];
    readonly SemaphoreSlim _look = new(0);
    TimeSpan _interval;
    long _lookedAt;
    bool _isLooking;

    public JobWaits(JobStore store, HeldJobs held, TimeProvider time, ILogger<JobWaits> logger)
    {
        _store = store;
        _time = time;
        _logger = logger;
        held.Forgotten += MayHaveEnded;
    }

    public async Task<StoredJob> WaitAsync(long id, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var awaited = Join(id);
        try
        {
            return await awaited.Ended.Task.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            Leave(awaited);
        }
    }

    /// <summary>A job may have ended. Nothing happens unless somebody waits for it.</summary>
    public void MayHaveEnded(long id)
    {
        lock (_gate)
        {
            if (_awaited.ContainsKey(id))
                LookAt(id);
        }
    }

    Awaited Join(long id)
    {
        lock (_gate)
        {
            if (!_awaited.TryGetValue(id, out var awaited))
                _awaited.Add(id, awaited = new Awaited(id));
            awaited.Waiters++;
            _interval = Shortest;
            LookAt(id);
            if (!_isLooking)
                _ = Task.Run(LookAsync);
            _isLooking = true;
            return awaited;
        }
    }

    void Leave(Awaited awaited)
    {
        lock (_gate)
        {
            if (--awaited.Waiters == 0 && _awaited.GetValueOrDefault(awaited.Id) == awaited)
                _awaited.Remove(awaited.Id);
        }
    }

    // One permit is as good as many: a look is one at all that was hinted at.
    void LookAt(long id)
    {
        _hinted.Add(id);
        if (_look.CurrentCount == 0)
            _look.Release();
    }

    async Task LookAsync()
    {
        for (var failures = 0; TakeNext() is { } ids;)
        {
            var wait = _interval;
            try
            {
                await TellAsync(await _store.FindEndedAsync(ids, CancellationToken.None).ConfigureAwait(false)).ConfigureAwait(false);
                failures = 0;
            }
            catch (Exception exception) when (exception is DatabaseUnavailableException or NpgsqlException { IsTransient: true } or TimeoutException)
            {
                wait = Backoff.AfterError(++failures);
                if (failures == 1)
                    Log.WaitFailed(_logger, exception, ids.Count);
            }
            catch (Exception exception)
            {
                foreach (var id in ids)
                    End(id, awaited => awaited.TrySetException(exception));
            }

            await _look.WaitAsync(wait).ConfigureAwait(false);
        }
    }

    // What was hinted at, and after each interval everything.
    List<long>? TakeNext()
    {
        lock (_gate)
        {
            _hinted.IntersectWith(_awaited.Keys);
            var ids = _hinted.ToList();
            _hinted.Clear();
            if (_time.GetElapsedTime(_lookedAt) >= _interval || ids.Count == 0)
            {
                ids = [.. _awaited.Keys];
                _lookedAt = _time.GetTimestamp();
                _interval = _interval * 2 < Longest ? _interval * 2 : Longest;
            }

            _isLooking = ids.Count > 0;
            return _isLooking ? ids : null;
        }
    }

    async Task TellAsync(IReadOnlyList<long> ended)
    {
        var missing = ended.ToHashSet();
        for (long? after = null; ended.Count > 0;)
        {
            var page = await _store.ListAsync(new JobFilter { Ids = ended }, 500, after, JobOrder.OldestFirst, CancellationToken.None).ConfigureAwait(false);
            foreach (var job in page.Jobs)
            {
                missing.Remove(job.Id);

                // Not if somebody has retried it meanwhile.
                if (job.IsFinal)
                    End(job.Id, awaited => awaited.TrySetResult(job));
            }

            if (page.Next is null)
                break;
            after = page.Next;
        }

        foreach (var id in missing)
            End(id, awaited => awaited.TrySetException(new JobNotFoundException(id)));
    }

    void End(long id, Action<TaskCompletionSource<StoredJob>> end)
    {
        Awaited? awaited;
        lock (_gate)
            _awaited.Remove(id, out awaited);
        if (awaited is not null)
            end(awaited.Ended);
    }

    sealed class Awaited(long id)
    {
        public long Id => id;

        public int Waiters { get; set; }

        public TaskCompletionSource<StoredJob> Ended { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
