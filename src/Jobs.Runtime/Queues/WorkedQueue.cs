using Jobs.Store;
using Microsoft.Extensions.Logging;

namespace Jobs.Queues;

/// <summary>One queue that this node works, as is said of it at present.</summary>
sealed class WorkedQueue(string name, int ownConcurrency, Slots slots, QueueSignals signals, ILogger logger)
{
    volatile CancellationTokenSource _changes = new();
    volatile QueueState _state = QueueState.Running;

    public string Name => name;

    public Slots Slots => slots;

    public StartGate Starts { get; } = new();

    public QueueState State => _state;

    /// <summary>Whether its jobs may be claimed.</summary>
    public bool IsRunning => _state == QueueState.Running;

    /// <summary>Fires when <see cref="State"/> changes. To be asked for before the state.</summary>
    public CancellationToken Changes => _changes.Token;

    /// <summary>Follows what is said now. Called by one loop.</summary>
    public async Task FollowAsync(QueueRule rule)
    {
        var concurrency = rule.Concurrency ?? ownConcurrency;
        if (slots.Resize(concurrency))
            Log.QueueScaled(logger, name, concurrency);
        if (rule.State == _state)
            return;

        var previous = _changes;
        (_state, _changes) = (rule.State, new CancellationTokenSource());
        await previous.CancelAsync().ConfigureAwait(false);
        Log.QueueStateChanged(logger, name, rule.State);
        signals.WakeHere(name);
        if (!IsRunning)
            await slots.GiveBackReadyAsync().ConfigureAwait(false);
    }
}
