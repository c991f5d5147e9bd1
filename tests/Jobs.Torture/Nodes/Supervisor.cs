namespace Jobs.Torture.Nodes;

/// <summary>Keeps nodes alive, as a service manager does: one that dies is started again at once.</summary>
sealed class Supervisor : IAsyncDisposable
{
    readonly NodeSettings _settings;
    readonly CancellationTokenSource _stopping = new();
    readonly List<Task> _places = [];
    readonly Lock _gate = new();
    readonly List<Fall> _falls = [];
    readonly HashSet<int> _slow = [];
    readonly List<NodeProcess> _alive = [];

    public Supervisor(NodeSettings settings, int nodes)
    {
        _settings = settings;
        for (var i = 0; i < nodes; i++)
            _places.Add(Task.Run(KeepAsync));
    }

    /// <summary>A node that died by itself.</summary>
    public readonly record struct Fall(int Process, int ExitCode, DateTime At);

    /// <summary>Every death so far.</summary>
    public IReadOnlyList<Fall> Falls
    {
        get
        {
            lock (_gate)
                return [.. _falls];
        }
    }

    /// <summary>The nodes that live now.</summary>
    public IReadOnlyList<NodeProcess> Alive
    {
        get
        {
            lock (_gate)
                return [.. _alive];
        }
    }

    /// <summary>The processes that could not renew their lease in time, and so gave back the jobs they ran: the machine was too slow for it.</summary>
    /// <remarks>Of those that have ended.</remarks>
    public IReadOnlySet<int> Slow
    {
        get
        {
            lock (_gate)
                return _slow.ToHashSet();
        }
    }

    async Task KeepAsync()
    {
        while (!_stopping.IsCancellationRequested)
        {
            await using var node = await NodeProcess.StartAsync(_settings);
            lock (_gate)
                _alive.Add(node);
            var stop = Task.Delay(Timeout.Infinite, _stopping.Token);
            if (await Task.WhenAny(node.Exited, stop) == stop)
            {
                await node.StopAsync(CancellationToken.None);
                NoteIfSlow(node);
                return;
            }

            NoteIfSlow(node);
            lock (_gate)
            {
                _alive.Remove(node);
                _falls.Add(new Fall(node.Id, node.ExitCode, DateTime.UtcNow));
            }
        }
    }

    void NoteIfSlow(NodeProcess node)
    {
        if (node.CountLogged(NodeProcess.LeaseLost) == 0)
            return;
        lock (_gate)
            _slow.Add(node.Id);
    }

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        await Task.WhenAll(_places);
        _stopping.Dispose();
    }
}
