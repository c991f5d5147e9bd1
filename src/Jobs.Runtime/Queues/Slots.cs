using Jobs.Nodes;
using Jobs.Store;
using Microsoft.Extensions.Logging;

namespace Jobs.Queues;

/// <summary>Runs the claimed jobs of one queue, so many at once, and keeps those ready that have no slot yet.</summary>
/// <remarks>The token given to it fires when the host will not wait for running jobs any longer.</remarks>
sealed class Slots(int concurrency, Executor executor, HeldJobs held, Acknowledger acknowledger, CancellationToken cancelled, TimeProvider time, ILogger logger)
{
    readonly ExecutionContext? _hosts = ExecutionContext.Capture();
    readonly Lock _gate = new();
    readonly Queue<(ClaimedJob Job, NodeLease Lease)> _ready = new();
    readonly HashSet<Run> _running = [];
    int _concurrency = concurrency;
    int _taken;
    int _starting;
    long _finished;
    long _busySince;
    TimeSpan _busy;
    int _stuck;
    (int Count, TaskCompletionSource Reached)? _awaited;
    TaskCompletionSource? _idle;
    NodeLease? _watched;

    /// <summary>How many jobs have ended here since the start.</summary>
    public long Finished => Volatile.Read(ref _finished);

    /// <summary>How long jobs have run here since the start, many at once or one.</summary>
    public TimeSpan Busy
    {
        get
        {
            lock (_gate)
                return _taken == 0 ? _busy : _busy + time.GetElapsedTime(_busySince);
        }
    }

    /// <summary>Called when the code of a job goes on after its time is over, and keeps its slot, and when nothing but such code is left.</summary>
    public Action? Stuck { get; init; }

    /// <summary>Whether code whose time is over leaves its slot to the next job at once.</summary>
    public bool LeavesStuck { get; init; }

    /// <summary>Whether every slot is taken by code whose time is over.</summary>
    public bool IsStuck
    {
        get
        {
            lock (_gate)
                return _stuck > 0 && _stuck >= _concurrency;
        }
    }

    /// <summary>Whether jobs wait here for a slot.</summary>
    public bool HasReady
    {
        get
        {
            lock (_gate)
                return _ready.Count > 0;
        }
    }

    /// <summary>Starts jobs that <see cref="HeldJobs"/> has; those for which there is no slot run as soon as there is.</summary>
    public void Start(IReadOnlyList<ClaimedJob> jobs, NodeLease lease)
    {
        CancelWith(lease);
        int starts;
        lock (_gate)
        {
            foreach (var job in jobs)
                _ready.Enqueue((job, lease));
            starts = TakeSlots();
        }

        RunReady(starts);
    }

    /// <summary>Takes a free slot for a job that is on its way. It goes to <see cref="StartTaken"/> or <see cref="FreeTaken"/>.</summary>
    public bool TryTake()
    {
        lock (_gate)
        {
            if (_taken >= _concurrency || _ready.Count > 0)
                return false;
            if (_taken == 0)
                _busySince = time.GetTimestamp();
            _taken++;
            return true;
        }
    }

    /// <summary>Starts a job that <see cref="HeldJobs"/> has in the slot that was taken for it.</summary>
    public void StartTaken(ClaimedJob job, NodeLease lease)
    {
        CancelWith(lease);
        lock (_gate)
        {
            _ready.Enqueue((job, lease));
            _starting++;
        }

        RunReady(1);
    }

    /// <summary>Gives back a slot that was taken, to the next job that is ready.</summary>
    public void FreeTaken()
    {
        lock (_gate)
            _starting++;
        RunReady(1);
    }

    /// <summary>Changes how many jobs run at once. Where there are to be fewer, those that run go on to their ends.</summary>
    /// <returns>Whether the number was another.</returns>
    public bool Resize(int concurrency)
    {
        int starts;
        lock (_gate)
        {
            if (concurrency == _concurrency)
                return false;
            _concurrency = concurrency;
            starts = TakeSlots();
            _awaited?.Reached.TrySetResult();
        }

        RunReady(starts);
        if (IsStuck)
            Stuck?.Invoke();
        return true;
    }

    // Under the lock.
    int TakeSlots()
    {
        var starts = Math.Max(0, Math.Min(_concurrency - _taken, _ready.Count - _starting));
        if (_taken == 0 && starts > 0)
            _busySince = time.GetTimestamp();
        _taken += starts;
        _starting += starts;
        return starts;
    }

    void RunReady(int starts)
    {
        for (; starts > 0; starts--)
            ThreadPool.UnsafeQueueUserWorkItem(static slots => slots.RunInHostsContext(), this, preferLocal: true);
    }

    // The trace, the culture and the scopes of the code that enqueues a job are not the job's, wherever it starts.
    void RunInHostsContext()
    {
        if (_hosts is not null)
            ExecutionContext.Restore(_hosts);
        _ = RunReadyAsync();
    }

    /// <summary>
    /// Waits until fewer jobs run or are ready than there are slots and <paramref name="ahead"/> more, by at least <paramref name="least"/>.
    /// </summary>
    /// <returns>By how many; less if it took longer than <paramref name="longest"/>, or if the number of slots has changed.</returns>
    public async Task<int> WhenFreeAsync(int ahead, int least, TimeSpan longest, CancellationToken cancellationToken)
    {
        Task reached;
        lock (_gate)
        {
            var free = Free(ahead);
            if (free >= least)
                return free;
            _awaited = (_concurrency + ahead - least, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
            reached = _awaited.Value.Reached.Task;
        }

        try
        {
            await reached.WaitAsync(longest, cancellationToken).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            return 0;
        }

        lock (_gate)
            return Free(ahead);
    }

    int Free(int ahead) => _concurrency + ahead - Occupied;

    // Those that run and those that are ready. A slot that is taken and whose job is still ready counts once.
    int Occupied => _taken - _starting + _ready.Count;

    /// <summary>Gives back the jobs that have not been started, at the cost of no attempt.</summary>
    public async Task GiveBackReadyAsync()
    {
        ClaimedJob[] ready;
        lock (_gate)
        {
            ready = [.. _ready.Select(entry => entry.Job).Where(held.TryTake)];
            _ready.Clear();
        }

        await acknowledger.GiveBackAsync(ready).ConfigureAwait(false);
    }

    /// <summary>Waits until every job that was started has returned. Code whose time is over is not waited for: its outcome is decided.</summary>
    public Task DrainAsync(CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            if (IsIdle)
                return Task.CompletedTask;
            _idle ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            return _idle.Task.WaitAsync(cancellationToken);
        }
    }

    async Task RunReadyAsync()
    {
        lock (_gate)
            _starting--;
        while (TryTakeReady(out var job, out var lease))
        {
            await RunAsync(new Run(job, lease)).ConfigureAwait(false);
            Interlocked.Increment(ref _finished);
        }
    }

    bool TryTakeReady(out ClaimedJob job, out NodeLease lease)
    {
        lock (_gate)
        {
            var taken = _ready.TryPeek(out var next) && _taken <= _concurrency;
            if (taken)
                _ready.Dequeue();
            else if (--_taken == 0)
                _busy += time.GetElapsedTime(_busySince);
            (job, lease) = next;
            if (Occupied <= _awaited?.Count)
                _awaited.Value.Reached.TrySetResult();
            if (IsIdle)
                _idle?.TrySetResult();
            return taken;
        }
    }

    async Task RunAsync(Run run)
    {
        lock (_gate)
            _running.Add(run);
        try
        {
            var isCancelled = held.WhenCancelled(run.Job, () => Task.Run(() => CancelAsync(run)));
            if (isCancelled || run.Lease.Lost.IsCancellationRequested || cancelled.IsCancellationRequested)
                await run.Token.CancelAsync().ConfigureAwait(false);
            var code = await executor.ExecuteAsync(run.Job, run.Token.Token).ConfigureAwait(false);
            if (!code.IsCompleted && !LeavesStuck)
                await WaitStuckAsync(code).ConfigureAwait(false);
        }
        catch (Exception exception)
        {
            Log.ExecutorFailed(logger, exception, run.Job.Id);
        }
        finally
        {
            lock (_gate)
                _running.Remove(run);
        }
    }

    bool IsIdle => _taken == _stuck;

    async Task WaitStuckAsync(Task code)
    {
        lock (_gate)
        {
            _stuck++;
            if (IsIdle)
                _idle?.TrySetResult();
        }

        try
        {
            Stuck?.Invoke();
            await code.ConfigureAwait(false);
        }
        finally
        {
            lock (_gate)
                _stuck--;
        }
    }

    void CancelWith(NodeLease lease)
    {
        var watched = Interlocked.Exchange(ref _watched, lease);
        if (watched is null)
            cancelled.UnsafeRegister(_ => CancelRunning(static _ => true), null);
        if (watched == lease)
            return;
        lease.Lost.UnsafeRegister(_ => CancelRunning(run => run.Lease == lease), null);
    }

    // Each token on a thread of its own: what a job has registered with its token may block or throw, and must hold up neither the node's
    // timer, nor its shutdown, nor the token of another job.
    void CancelRunning(Func<Run, bool> which)
    {
        Run[] running;
        lock (_gate)
            running = [.. _running.Where(which)];
        foreach (var run in running)
            _ = Task.Run(() => CancelAsync(run));
    }

    async Task CancelAsync(Run run)
    {
        try
        {
            await run.Token.CancelAsync().ConfigureAwait(false);
        }
        catch (Exception exception)
        {
            Log.TokenCallbackFailed(logger, run.Job.Id, exception.GetBaseException().GetType().FullName);
        }
    }

    sealed class Run(ClaimedJob job, NodeLease lease)
    {
        public ClaimedJob Job => job;

        public NodeLease Lease => lease;

        public CancellationTokenSource Token { get; } = new();
    }
}
