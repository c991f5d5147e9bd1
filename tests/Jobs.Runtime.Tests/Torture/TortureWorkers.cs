using System.Collections.Concurrent;

namespace Jobs.Runtime.Tests.Torture;

public sealed record Work(int Number);

/// <summary>How often each job was performed, over all hosts that share it.</summary>
public sealed class Ledger
{
    readonly ConcurrentDictionary<int, int> _performed = new();
    readonly ConcurrentDictionary<int, TaskCompletionSource> _reached = new();
    readonly TaskCompletionSource<BatchComplete> _callback = new(TaskCreationOptions.RunContinuationsAsynchronously);
    int _count;
    int _callbacks;

    public IReadOnlyDictionary<int, int> Performed => _performed;

    public int Count => _count;

    public int Callbacks => _callbacks;

    /// <summary>The first callback, when it comes.</summary>
    public Task<BatchComplete> Callback => _callback.Task.WaitAsync(TimeSpan.FromMinutes(1), TestContext.Current.CancellationToken);

    /// <summary>Completes when so many jobs have been performed.</summary>
    public Task Reached(int count)
    {
        var reached = Entry(count);
        if (_count >= count)
            reached.TrySetResult();
        return reached.Task.WaitAsync(TimeSpan.FromMinutes(1), TestContext.Current.CancellationToken);
    }

    public void Saw(int number)
    {
        _performed.AddOrUpdate(number, 1, static (_, times) => times + 1);
        var count = Interlocked.Increment(ref _count);
        if (_reached.TryGetValue(count, out var reached))
            reached.TrySetResult();
    }

    public void SawCallback(BatchComplete batch)
    {
        Interlocked.Increment(ref _callbacks);
        _callback.TrySetResult(batch);
    }

    TaskCompletionSource Entry(int count) =>
        _reached.GetOrAdd(count, static _ => new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
}

[Worker(Name = "torture", Queue = "torture", MaxAttempts = 3)]
public sealed partial class TortureWorker(Ledger ledger)
{
    [Perform]
    public void Perform(Work work) => ledger.Saw(work.Number);

    [Perform]
    public void Tell(BatchComplete batch) => ledger.SawCallback(batch);
}
