namespace Jobs.Queues;

/// <summary>Whether jobs of a queue may start where they are enqueued: while its producer waits for work, for then they overtake none that it knows of.</summary>
sealed class StartGate
{
    readonly Lock _gate = new();
    bool _isOpen;
    int _underWay;
    TaskCompletionSource? _quiet;

    /// <summary>The producer begins to wait.</summary>
    public void Open()
    {
        lock (_gate)
            _isOpen = true;
    }

    /// <summary>The producer goes on. Jobs that are on their way still start.</summary>
    public void Shut()
    {
        lock (_gate)
            _isOpen = false;
    }

    /// <summary>Whether a job may be stored as one that executes here. The caller adds it to <see cref="HeldJobs"/>, and then calls <see cref="Exit"/>.</summary>
    public bool TryEnter()
    {
        lock (_gate)
        {
            if (_isOpen)
                _underWay++;
            return _isOpen;
        }
    }

    public void Exit()
    {
        lock (_gate)
        {
            if (--_underWay == 0)
                _quiet?.TrySetResult();
        }
    }

    /// <summary>Completes when every job that executes here is held, and none is on its way. Called while the gate is shut.</summary>
    public Task WhenQuietAsync()
    {
        lock (_gate)
        {
            if (_underWay == 0)
                return Task.CompletedTask;
            _quiet = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            return _quiet.Task;
        }
    }
}
