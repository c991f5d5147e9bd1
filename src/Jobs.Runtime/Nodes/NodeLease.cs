namespace Jobs.Nodes;

/// <summary>One life of a node: an id that is never used again, and a token that fires before the others may take the node for dead.</summary>
sealed class NodeLease(Guid id, TimeSpan lease, TimeProvider time)
{
    readonly CancellationTokenSource _lost = new(UntilLost(lease), time);

    public Guid Id { get; } = id;

    /// <summary>Fires, by the monotonic clock, when the lease was not renewed in time. Jobs that run under the lease must stop then.</summary>
    public CancellationToken Lost => _lost.Token;

    /// <summary>The lease was renewed by a statement that was sent at <paramref name="sentAt"/>.</summary>
    /// <returns><see langword="false"/> if the lease was lost before; that stays so.</returns>
    public bool Renew(long sentAt)
    {
        var left = UntilLost(lease) - time.GetElapsedTime(sentAt);
        _lost.CancelAfter(left > TimeSpan.Zero ? left : TimeSpan.Zero);
        return !_lost.IsCancellationRequested;
    }

    public void Lose() => _lost.Cancel();

    // A sixth is left to the jobs for stopping.
    static TimeSpan UntilLost(TimeSpan lease) => lease - lease / 6;
}
