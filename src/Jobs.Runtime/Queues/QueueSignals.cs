using System.Collections.Concurrent;

namespace Jobs.Queues;

/// <summary>Wakes the producers of this process when it is known that their queue has work, so that they need not wait for the next poll.</summary>
sealed class QueueSignals
{
    readonly ConcurrentDictionary<string, SemaphoreSlim> _signals = new(StringComparer.Ordinal);

    /// <summary>From now on the queue can be woken. Called before its producer looks for the first time, so that nothing is missed.</summary>
    public void Add(string queue) => _signals.TryAdd(queue, new SemaphoreSlim(0));

    public void Wake(IEnumerable<string> queues)
    {
        foreach (var queue in queues)
        {
            // One permit is as good as many: the producer takes all there is. Two threads may add one each, which costs a look.
            if (_signals.TryGetValue(queue, out var signal) && signal.CurrentCount == 0)
                signal.Release();
        }
    }

    /// <summary>Waits until the queue is woken, for at most <paramref name="longest"/>.</summary>
    public Task WaitAsync(string queue, TimeSpan longest, CancellationToken cancellationToken) =>
        _signals[queue].WaitAsync(longest, cancellationToken);
}
