using Jobs.Store;

namespace Jobs.Queues;

/// <summary>The jobs that this process has claimed, until their outcomes are stored. Whoever takes a job decides its outcome, once.</summary>
sealed class HeldJobs
{
    readonly Lock _gate = new();
    readonly Dictionary<(long Id, long Run), Undecided> _undecided = [];

    // Their queues only: with the database away, thousands of outcomes may wait, and their args should not.
    readonly Dictionary<(long Id, long Run), string> _decided = [];
    TaskCompletionSource? _empty;

    /// <summary>
    /// Adds a job that was claimed; <see langword="false"/> if the process holds this run of it already, and must not start it once more.
    /// </summary>
    /// <remarks>
    /// A crash of the server undoes a claim that was not on disk yet, and the run may come again, to the same node even. The outcome of the
    /// first start is then the outcome of the claimed row.
    /// </remarks>
    public bool TryAdd(ClaimedJob job)
    {
        lock (_gate)
            return !_decided.ContainsKey((job.Id, job.Run)) && _undecided.TryAdd((job.Id, job.Run), new Undecided(job));
    }

    /// <summary>Whether the caller may decide the outcome of <paramref name="job"/>, and then must have it acknowledged.</summary>
    public bool TryTake(ClaimedJob job)
    {
        lock (_gate)
            return _undecided.Remove((job.Id, job.Run)) && _decided.TryAdd((job.Id, job.Run), job.Queue);
    }

    /// <summary>Takes every job, or every job of a queue, whose outcome nobody has decided.</summary>
    public IReadOnlyList<ClaimedJob> TakeAll(string? queue = null)
    {
        lock (_gate)
            return [.. UndecidedOf(queue).Where(TryTake)];
    }

    /// <summary>Fires the tokens of all jobs of a queue whose outcome nobody has decided.</summary>
    public void CancelAll(string queue)
    {
        List<ClaimedJob> jobs;
        lock (_gate)
            jobs = UndecidedOf(queue);
        foreach (var job in jobs)
            Cancel(job.Id, job.Run);
    }

    /// <summary>The ids of the jobs whose outcomes are decided and have not reached the store.</summary>
    public IReadOnlyList<long> Decided()
    {
        lock (_gate)
            return [.. _decided.Keys.Select(job => job.Id)];
    }

    List<ClaimedJob> UndecidedOf(string? queue) =>
        [.. _undecided.Values.Select(undecided => undecided.Job).Where(job => queue is null || job.Queue == queue)];

    /// <summary>Fires the token of a job, which is to end. Nothing happens if its outcome is decided, or if the process does not hold this run.</summary>
    public void Cancel(long id, long run)
    {
        Action? cancel;
        lock (_gate)
        {
            if (!_undecided.TryGetValue((id, run), out var undecided))
                return;
            cancel = undecided.Cancel;
            (undecided.IsCancelled, undecided.Cancel) = (true, null);
        }

        cancel?.Invoke();
    }

    /// <summary>Has <paramref name="cancel"/> called, once, when the job's token is to fire; <see langword="true"/> if it was already, and the call does not come.</summary>
    public bool WhenCancelled(ClaimedJob job, Action cancel)
    {
        lock (_gate)
        {
            if (!_undecided.TryGetValue((job.Id, job.Run), out var undecided))
                return false;
            if (!undecided.IsCancelled)
                undecided.Cancel = cancel;
            return undecided.IsCancelled;
        }
    }

    /// <summary>Called with the id of each job that is forgotten.</summary>
    public event Action<long>? Forgotten;

    /// <summary>The outcome of a job has reached the store, or was refused for good. Returns the job's queue.</summary>
    public string? Forget(long id, long run)
    {
        string? queue;
        lock (_gate)
        {
            _decided.Remove((id, run), out queue);
            if (IsEmpty)
                _empty?.TrySetResult();
        }

        Forgotten?.Invoke(id);
        return queue;
    }

    /// <summary>The ids of all jobs of a queue that this process knows to be its own.</summary>
    public long[] IdsOf(string queue)
    {
        lock (_gate)
        {
            return
            [
                .. _undecided.Values.Where(undecided => undecided.Job.Queue == queue).Select(undecided => undecided.Job.Id),
                .. _decided.Where(job => job.Value == queue).Select(job => job.Key.Id),
            ];
        }
    }

    /// <summary>Completes when the process holds no job. Whoever waits sees to it that none is claimed meanwhile.</summary>
    public Task WhenEmptyAsync()
    {
        lock (_gate)
        {
            if (IsEmpty)
                return Task.CompletedTask;
            if (_empty is null or { Task.IsCompleted: true })
                _empty = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            return _empty.Task;
        }
    }

    bool IsEmpty => _undecided.Count == 0 && _decided.Count == 0;

    sealed class Undecided(ClaimedJob job)
    {
        public ClaimedJob Job => job;

        public bool IsCancelled { get; set; }

        public Action? Cancel { get; set; }
    }
}
