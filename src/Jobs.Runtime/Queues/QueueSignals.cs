using System.Collections.Concurrent;

namespace Jobs.Queues;

/// <summary>Wakes the producers of queues that are known to have work, here and on other nodes, so that they need not wait for the next poll.</summary>
sealed class QueueSignals(Notifier notifier)
{
    readonly ConcurrentDictionary<string, SemaphoreSlim> _signals = new(StringComparer.Ordinal);

    /// <summary>Whether other nodes are woken too, and not left to their next poll.</summary>
    public bool ReachOtherNodes => notifier.IsOn;

    /// <summary>From now on the queue can be woken. Called before its producer looks for the first time, so that nothing is missed.</summary>
    public void Add(string queue) => _signals.TryAdd(queue, new SemaphoreSlim(0));

    /// <summary>The jobs of these queues are committed: wakes their producers everywhere.</summary>
    public void Wake(IReadOnlyCollection<string> queues)
    {
        if (queues.Count == 0)
            return;
        WakeHere(queues);
        notifier.Tell(queues);
    }

    /// <summary>Wakes the producers of this process.</summary>
    public void WakeHere(IEnumerable<string> queues)
    {
        foreach (var queue in queues)
            WakeHere(queue);
    }

    /// <inheritdoc cref="WakeHere(IEnumerable{string})"/>
    public void WakeHere(string queue)
    {
        // One permit is as good as many: the producer takes all there is. Two threads may add one each, which costs a look.
        if (_signals.TryGetValue(queue, out var signal) && signal.CurrentCount == 0)
            signal.Release();
    }

    /// <summary>Wakes every producer of this process: something may have been missed.</summary>
    public void WakeAllHere() => WakeHere(_signals.Keys);

    /// <summary>Waits until the queue is woken, for at most <paramref name="longest"/>.</summary>
    public Task WaitAsync(string queue, TimeSpan longest, CancellationToken cancellationToken) =>
        _signals[queue].WaitAsync(longest, cancellationToken);
}
