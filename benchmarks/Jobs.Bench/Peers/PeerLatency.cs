using System.Diagnostics;
using Jobs.Bench.Nodes;
using Jobs.Bench.Results;
using Jobs.Bench.Workloads;

namespace Jobs.Bench.Peers;

/// <summary>One job after the other, from the call of its enqueue in one process to the first line of the job in another, which has nothing else to do.</summary>
sealed class PeerLatency(BenchServer server, Peer peer, int jobs) : PeerWorkload(peer)
{
    public override async Task<Run> RunAsync(CancellationToken cancellationToken)
    {
        var database = await server.CopyFilledAsync(Peer.Content(0), countStatements: false, cancellationToken);
        using var changes = new SemaphoreSlim(0);
        await using var node = NodeProcess.Start(Peer.Nodes(1, tellsEach: true), database, () => changes.Release());
        await using var caller = await PeerCaller.StartAsync(Peer, database, cancellationToken);

        var times = new List<TimeSpan>();
        for (var number = 1; number <= Latency.WarmUp + jobs; number++)
        {
            await Latency.IdleAsync(cancellationToken);
            var calledAt = await caller.InsertAsync(cancellationToken);
            times.Add(Stopwatch.GetElapsedTime(calledAt, await UntilBegunAsync(node, changes, number, cancellationToken)));
        }

        await caller.StopAsync(cancellationToken);
        await node.StopAsync(cancellationToken);
        Peer.ThrowUnlessPerformedOnce(node.Began.Jobs, times.Count);
        await Peer.ThrowUnlessCompletedAsync(database, times.Count, cancellationToken);
        times.RemoveRange(0, Latency.WarmUp);
        return Describe(times.Aggregate(TimeSpan.Zero, static (sum, time) => sum + time)) with { Milliseconds = Percentiles.Of(times) };
    }

    static async Task<long> UntilBegunAsync(NodeProcess node, SemaphoreSlim changes, int jobs, CancellationToken cancellationToken)
    {
        while (node.Began.Jobs < jobs)
        {
            if (!await changes.WaitAsync(Latency.LongestWait, cancellationToken))
                throw new BenchException($"A job did not begin within {Latency.LongestWait.TotalSeconds} seconds.");
            if (node.Fault is { } fault)
                throw new BenchException(fault);
        }

        return node.Began.At;
    }

    protected override Run Describe(TimeSpan time) => new()
    {
        Workload = "latency",
        Peer = Peer.Title,
        Jobs = jobs,
        Nodes = 2,
        Seconds = time.TotalSeconds,
    };
}
