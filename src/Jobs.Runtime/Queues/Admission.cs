namespace Jobs.Queues;

/// <summary>Whether this node may claim. It may, unless it is to hold one job alone.</summary>
sealed class Admission(HeldJobs held)
{
    readonly Lock _gate = new();
    int _claiming;
    TaskCompletionSource? _opened;
    TaskCompletionSource? _quiet;

    /// <summary>Waits until claims are let in. The caller adds what it claims to <see cref="HeldJobs"/>, and then calls <see cref="Exit"/>.</summary>
    public async ValueTask EnterAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            Task opened;
            lock (_gate)
            {
                if (_opened is null)
                {
                    _claiming++;
                    return;
                }

                opened = _opened.Task;
            }

            await opened.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Enters if claims are let in now.</summary>
    /// <inheritdoc cref="EnterAsync" path="/summary"/>
    public bool TryEnter()
    {
        lock (_gate)
        {
            if (_opened is null)
                _claiming++;
            return _opened is null;
        }
    }

    public void Exit()
    {
        lock (_gate)
        {
            if (--_claiming == 0)
                _quiet?.TrySetResult();
        }
    }

    /// <summary>Lets no more claims in, and waits until the node holds no job.</summary>
    /// <param name="longest">For how long. A job that runs longer than this keeps its node open.</param>
    /// <param name="cancellationToken">Opens again.</param>
    /// <returns>Whether the node holds nothing now. If not, it is open again.</returns>
    public async Task<bool> TryCloseAsync(TimeSpan longest, CancellationToken cancellationToken)
    {
        Task quiet;
        lock (_gate)
        {
            _opened = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            _quiet = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            if (_claiming == 0)
                _quiet.SetResult();
            quiet = _quiet.Task;
        }

        try
        {
            await WhenHoldsNothingAsync(quiet).WaitAsync(longest, cancellationToken).ConfigureAwait(false);
            return true;
        }
        catch (TimeoutException)
        {
            Open();
            return false;
        }
        catch
        {
            Open();
            throw;
        }
    }

    /// <summary>Lets claims in again.</summary>
    public void Open()
    {
        lock (_gate)
        {
            _opened?.TrySetResult();
            _opened = null;
            _quiet = null;
        }
    }

    async Task WhenHoldsNothingAsync(Task quiet)
    {
        await quiet.ConfigureAwait(false);
        await held.WhenEmptyAsync().ConfigureAwait(false);
    }
}
