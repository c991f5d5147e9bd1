namespace Jobs.Queues;

/// <summary>Has the pollers of all nodes look now: something was said of queues, or of jobs that execute.</summary>
sealed class ControlSignal(Notifier notifier)
{
    readonly SemaphoreSlim _signal = new(0);

    /// <summary>What was said is committed: the pollers look now. Never waits, and never throws.</summary>
    public void Tell()
    {
        TellHere();
        notifier.TellControl();
    }

    /// <summary>The poller of this process looks now.</summary>
    public void TellHere()
    {
        // One permit is as good as many: a look sees everything.
        if (_signal.CurrentCount == 0)
            _signal.Release();
    }

    /// <summary>Waits until somebody tells, for at most <paramref name="longest"/>; whether somebody did.</summary>
    public Task<bool> WaitAsync(TimeSpan longest, CancellationToken cancellationToken) => _signal.WaitAsync(longest, cancellationToken);
}
