using Jobs.Queues;

namespace Jobs.Nodes;

/// <summary>How long the database was out of reach, as this node's renewals tell; the other nodes fared alike.</summary>
/// <remarks>
/// After an outage that is longer than a lease every node looks dead, and each of its jobs like the cause. Those that live store the outcomes
/// that waited and are back under a fresh id within the longest wait between two tries, which is no longer than the outage was.
/// </remarks>
sealed class Outage(TimeSpan lease, TimeProvider time)
{
    readonly Lock _gate = new();
    long _reachedAt = time.GetTimestamp();
    long _endedAt;
    TimeSpan _lasted;
    bool _isOut;

    /// <summary>A renewal failed.</summary>
    public void Began()
    {
        lock (_gate)
            _isOut = true;
    }

    /// <summary>A renewal succeeded.</summary>
    public void Reached()
    {
        lock (_gate)
        {
            if (_isOut)
                (_lasted, _endedAt) = (time.GetElapsedTime(_reachedAt), time.GetTimestamp());
            _isOut = false;
            _reachedAt = time.GetTimestamp();
        }
    }

    /// <summary>Whether there is none, and a node that is silent now is so by itself.</summary>
    public bool IsOver
    {
        get
        {
            lock (_gate)
                return !_isOut && (OutlastedNoLease || time.GetElapsedTime(_endedAt) >= TimeToComeBack);
        }
    }

    // The leases of others were renewed up to a third of a lease before this node's.
    bool OutlastedNoLease => _lasted < lease * 2 / 3;

    TimeSpan TimeToComeBack => _lasted < Backoff.Longest * 2 ? _lasted : Backoff.Longest * 2;
}
