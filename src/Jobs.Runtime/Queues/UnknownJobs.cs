using System.Collections.Concurrent;
using Microsoft.Extensions.Options;

namespace Jobs.Queues;

/// <summary>The queues that may have jobs which execute under this node's id, and of which it does not know.</summary>
/// <remarks>
/// A claim that failed may have been committed, and the server may commit it late: a statement whose client has gone ends all the same, however
/// long it was held up. So its queue is looked at for ever, and ever more rarely.
/// </remarks>
sealed class UnknownJobs(QueueSignals signals, IOptions<JobsOptions> options, TimeProvider time)
{
    readonly ConcurrentDictionary<string, (long Since, long LookedAt, TimeSpan Wait)> _queues = new(StringComparer.Ordinal);

    /// <summary>The queue is to be looked at by its producer, at once.</summary>
    public void MayBeIn(string queue) => MayBeIn(queue, TimeSpan.Zero);

    /// <summary>The queue is to be looked at by its producer, but not at once, for what is found is bound to come again.</summary>
    public void MayComeAgainIn(string queue) => MayBeIn(queue, options.Value.NodeLease / 3);

    void MayBeIn(string queue, TimeSpan wait)
    {
        var now = time.GetTimestamp();
        _queues[queue] = (now, now, wait);
        signals.WakeHere(queue);
    }

    /// <summary>Whether there was ever a reason to look at the queue.</summary>
    public bool MayBeSomeIn(string queue) => _queues.ContainsKey(queue);

    /// <summary>How long until the queue is to be looked at; infinite if there is no reason to.</summary>
    public TimeSpan NextLook(string queue)
    {
        if (!_queues.TryGetValue(queue, out var known))
            return Timeout.InfiniteTimeSpan;
        var left = known.Wait - time.GetElapsedTime(known.LookedAt);
        return left > TimeSpan.Zero ? left : TimeSpan.Zero;
    }

    /// <summary>The queue was looked at, and what was there was given back.</summary>
    public void Looked(string queue)
    {
        if (_queues.TryGetValue(queue, out var known))
            _queues[queue] = (known.Since, time.GetTimestamp(), Rarely(time.GetElapsedTime(known.Since)));
    }

    TimeSpan Rarely(TimeSpan sinceFailure) => sinceFailure / 10 > options.Value.NodeLease / 3 ? sinceFailure / 10 : options.Value.NodeLease / 3;
}
