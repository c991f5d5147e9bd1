namespace Jobs.Torture.Nodes;

/// <summary>Keeps nodes alive, as a service manager does: one that dies is started again at once.</summary>
sealed class Supervisor : IAsyncDisposable
{
    readonly NodeSettings _settings;
    readonly CancellationTokenSource _stopping = new();
    readonly List<Task> _places = [];
    readonly Lock _gate = new();
    readonly List<Fall> _falls = [];

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

    async Task KeepAsync()
    {
        while (!_stopping.IsCancellationRequested)
        {
            await using var node = await NodeProcess.StartAsync(_settings);
            var stop = Task.Delay(Timeout.Infinite, _stopping.Token);
            if (await Task.WhenAny(node.Exited, stop) == stop)
            {
                await node.StopAsync(CancellationToken.None);
                return;
            }

            lock (_gate)
                _falls.Add(new Fall(node.Id, node.ExitCode, DateTime.UtcNow));
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        await Task.WhenAll(_places);
        _stopping.Dispose();
    }
}
