using System.Collections.Concurrent;

namespace Jobs.Queues;

/// <summary>Wakes the producers of queues that are known to have work, here and on other nodes, so that they need not wait for the next poll.</summary>
sealed class QueueSignals(Notifier notifier)
{
    // A node that waits for work claims its own job sooner while nobody is told of it: the statement and the looks of the others meet its claim
    // otherwise. A claim of one job takes 0.9 ms in place of 1.1 to 1.2.
    static readonly TimeSpan HeadStart = TimeSpan.FromMilliseconds(2);

    readonly ConcurrentDictionary<string, Signal> _signals = new(StringComparer.Ordinal);

    /// <summary>Whether other nodes are woken too, and not left to their next poll.</summary>
    public bool ReachOtherNodes => notifier.IsOn;

    /// <summary>From now on the queue can be woken. Called before its producer looks for the first time, so that nothing is missed.</summary>
    public void Add(string queue) => _signals.TryAdd(queue, new Signal());

    /// <summary>The jobs of these queues are committed: wakes their producers everywhere, first those of this process if they wait for work.</summary>
    public void Wake(IReadOnlyCollection<string> queues)
    {
        if (queues.Count == 0)
            return;
        var allWait = queues.All(queue => _signals.TryGetValue(queue, out var signal) && signal.IsAwaited);
        WakeHere(queues);
        notifier.Tell(queues, allWait ? HeadStart : TimeSpan.Zero);
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
        if (_signals.TryGetValue(queue, out var signal))
            signal.Give();
    }

    /// <summary>Wakes every producer of this process: something may have been missed.</summary>
    public void WakeAllHere() => WakeHere(_signals.Keys);

    /// <summary>Waits until the queue is woken, for at most <paramref name="longest"/>.</summary>
    public Task WaitAsync(string queue, TimeSpan longest, CancellationToken cancellationToken) => _signals[queue].WaitAsync(longest, cancellationToken);

    sealed class Signal
    {
        readonly SemaphoreSlim _permit = new(0);
        volatile bool _isAwaited;

        /// <summary>Whether the producer has room for jobs, and waits for them.</summary>
        public bool IsAwaited => _isAwaited;

        // One permit is as good as many: the producer takes all there is. Two threads may add one each, which costs a look.
        public void Give()
        {
            if (_permit.CurrentCount == 0)
                _permit.Release();
        }

        public async Task WaitAsync(TimeSpan longest, CancellationToken cancellationToken)
        {
            _isAwaited = true;
            try
            {
                await _permit.WaitAsync(longest, cancellationToken).ConfigureAwait(false);
            }
            finally
            {
                _isAwaited = false;
            }
        }
    }
}
