using System.Diagnostics;
using Jobs.Bench.Nodes;
using Jobs.Bench.Results;
using Jobs.Bench.Workloads;

namespace Jobs.Bench.Peers;

/// <summary>A peer's process that has worked off some jobs, and then has nothing to do.</summary>
sealed class PeerIdle(BenchServer server, Peer peer, TimeSpan time) : PeerWorkload(peer)
{
    public override async Task<Run> RunAsync(CancellationToken cancellationToken)
    {
        var jobs = Idle.Before.Count;
        var counts = server.CanCountStatements;
        var database = await server.CopyFilledAsync(Peer.Content(jobs), counts, cancellationToken);
        await using var group = NodeGroup.Start(Peer.Nodes(1), database);
        await group.UntilPerformedAsync(jobs, cancellationToken);
        await Task.Delay(Idle.Settles, cancellationToken);
        var (cpu, calls, startedAt) = (group.Cpu, counts ? await server.Counters.CallsInAsync(BenchServer.Measured, cancellationToken) : 0, Stopwatch.GetTimestamp());

        await Task.Delay(time, cancellationToken);

        var run = Describe(Stopwatch.GetElapsedTime(startedAt)) with
        {
            IdleMemoryBytes = group.ResidentMemory,
            PeakMemoryBytes = group.PeakMemory,
            WorkersCpuSeconds = (group.Cpu - cpu)?.TotalSeconds,
        };
        if (counts)
            run = run with { StatementsPerSecond = (await server.Counters.CallsInAsync(BenchServer.Measured, cancellationToken) - calls) / run.Seconds };
        await group.StopAsync(cancellationToken);
        await Peer.ThrowUnlessCompletedAsync(database, jobs, cancellationToken);
        return run;
    }

    protected override Run Describe(TimeSpan elapsed) => new()
    {
        Workload = "idle",
        Peer = Peer.Title,
        Jobs = 0,
        Seconds = elapsed.TotalSeconds,
    };
}
