using System.Diagnostics;

namespace Jobs.Bench.Workloads;

public sealed record NoOp(int Number);

/// <summary>Says when so many jobs have been performed, and when the next one begins.</summary>
public sealed class Countdown(int jobs)
{
    readonly TaskCompletionSource _done = new(TaskCreationOptions.RunContinuationsAsynchronously);
    int _left = jobs;
    TaskCompletionSource<long>? _next;

    public int Left => Volatile.Read(ref _left);

    public Task Done => _done.Task;

    /// <summary>Of the callback that began last: how long after its batch's end, by the clock of the server and of this machine.</summary>
    public TimeSpan? LatestCallback { get; private set; }

    /// <summary>Completes with the timestamp at which the next job began.</summary>
    public Task<long> NextAsync() => (_next = new TaskCompletionSource<long>(TaskCreationOptions.RunContinuationsAsynchronously)).Task;

    public void SignalCallback(DateTimeOffset closedAt)
    {
        LatestCallback = DateTimeOffset.UtcNow - closedAt;
        Signal();
    }

    public void Signal()
    {
        Volatile.Read(ref _next)?.TrySetResult(Stopwatch.GetTimestamp());
        if (Interlocked.Decrement(ref _left) == 0)
            _done.SetResult();
    }
}

[Worker(Name = WorkerName, Queue = QueueName)]
public sealed partial class NoOpWorker(Countdown countdown)
{
    public const string WorkerName = "bench.no_op";
    public const string QueueName = "bench";

    [Perform]
    public void Perform(NoOp job) => countdown.Signal();

    [Perform]
    public void Complete(BatchComplete batch) => countdown.SignalCallback(batch.OccurredAt!.Value);
}
