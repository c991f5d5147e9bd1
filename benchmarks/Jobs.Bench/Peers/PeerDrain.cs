using System.Diagnostics;
using Jobs.Bench.Nodes;
using Jobs.Bench.Results;

namespace Jobs.Bench.Peers;

/// <summary>
/// Processes of a peer work off jobs that do nothing. The clock runs from the first line of the first one's program, once it is loaded, to the last
/// job that is stored as ended.
/// </summary>
sealed class PeerDrain(BenchServer server, Peer peer, int jobs, int nodes) : PeerWorkload(peer)
{
    public override async Task<Run> RunAsync(CancellationToken cancellationToken)
    {
        var database = await server.CopyFilledAsync(Peer.Content(jobs), countStatements: false, cancellationToken);
        var commits = await server.Counters.CommitsAsync(BenchServer.Measured, cancellationToken);
        var before = await server.Counters.UseAsync(cancellationToken);

        await using var group = NodeGroup.Start(Peer.Nodes(nodes), database);
        var endedAt = await group.UntilPerformedAsync(jobs, cancellationToken);

        var use = await server.Counters.UseAsync(cancellationToken) - before;
        var run = Describe(Stopwatch.GetElapsedTime(group.StartedAt, endedAt)) with
        {
            WorkersCpuSeconds = group.Cpu?.TotalSeconds,
            PostgresCpuSeconds = use.Cpu?.TotalSeconds,
            WalBytesPerJob = (double)use.WalBytes / jobs,
            PeakMemoryBytes = group.PeakMemory,
            FirstJobMilliseconds = Stopwatch.GetElapsedTime(group.StartedAt, group.FirstAt).TotalMilliseconds,
        };
        Peer.ThrowUnlessPerformedOnce(group.Performed, jobs);
        await group.StopAsync(cancellationToken);
        run = run with { CommitsPerJob = (double)(await server.Counters.CommitsAsync(BenchServer.Measured, cancellationToken) - commits) / jobs };
        await Peer.ThrowUnlessCompletedAsync(database, jobs, cancellationToken);
        return run;
    }

    protected override Run Describe(TimeSpan time) => new()
    {
        Workload = "drain",
        Peer = Peer.Title,
        Jobs = jobs,
        Nodes = nodes,
        Seconds = time.TotalSeconds,
    };
}
