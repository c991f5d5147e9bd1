namespace Jobs.Bench.Nodes;

/// <summary>Nodes that work the same jobs.</summary>
sealed class NodeGroup : IAsyncDisposable
{
    // Slower than any queue that is worth measuring.
    static readonly TimeSpan LongestStart = TimeSpan.FromMinutes(2);
    static readonly TimeSpan LongestJob = TimeSpan.FromMilliseconds(10);

    readonly SemaphoreSlim _changes = new(0);
    readonly List<NodeProcess> _nodes = [];

    NodeGroup()
    {
    }

    public static NodeGroup Start(NodeSettings settings, string database)
    {
        var group = new NodeGroup();
        for (var node = 0; node < settings.Nodes; node++)
            group._nodes.Add(NodeProcess.Start(settings, database, () => group._changes.Release()));
        return group;
    }

    /// <summary>When the first of them was loaded.</summary>
    public long StartedAt => _nodes.Min(static node => node.StartedAt);

    /// <summary>When the first job began.</summary>
    public long FirstAt => _nodes.Where(static node => node.First.IsCompletedSuccessfully).Min(static node => node.First.Result);

    /// <summary>When the last callback began.</summary>
    public long CallbackAt => _nodes.Max(static node => node.CallbackAt);

    /// <summary>CPU time of all of them.</summary>
    public TimeSpan? Cpu => _nodes.Aggregate((TimeSpan?)TimeSpan.Zero, static (sum, node) => sum + node.Cpu);

    /// <summary>What is resident of all of them, in bytes.</summary>
    public long? ResidentMemory => _nodes.Aggregate((long?)0, static (sum, node) => sum + node.ResidentMemory);

    /// <summary>The sum of the peaks of all of them, in bytes.</summary>
    public long? PeakMemory => _nodes.Aggregate((long?)0, static (sum, node) => sum + node.PeakMemory);

    /// <summary>How many jobs had been performed, and stored as such, when the nodes last held none.</summary>
    public long Performed => _nodes.Sum(static node => node.Idle.Jobs);

    /// <summary>Waits until so many jobs have been performed, and are stored as such.</summary>
    /// <returns>When the last of them was stored.</returns>
    /// <exception cref="BenchException">A node ended, or the jobs did not.</exception>
    public async Task<long> UntilPerformedAsync(long jobs, CancellationToken cancellationToken)
    {
        var longest = LongestStart + jobs * LongestJob;
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        timeout.CancelAfter(longest);
        try
        {
            while (_nodes.Sum(static node => node.Idle.Jobs) < jobs)
            {
                await _changes.WaitAsync(timeout.Token);
                if (_nodes.Select(static node => node.Fault).FirstOrDefault(static fault => fault is not null) is { } fault)
                    throw new BenchException(fault);
            }
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new BenchException($"Of {jobs} jobs the nodes had performed {_nodes.Sum(static node => node.Idle.Jobs)} when they last held none, and {longest.TotalSeconds:N0} seconds are over.");
        }

        return _nodes.Max(static node => node.Idle.At);
    }

    /// <summary>Has all of them end as an application does that is told to stop.</summary>
    public Task StopAsync(CancellationToken cancellationToken) => Task.WhenAll(_nodes.Select(node => node.StopAsync(cancellationToken)));

    public async ValueTask DisposeAsync()
    {
        foreach (var node in _nodes)
            await node.DisposeAsync();
        _changes.Dispose();
    }
}
