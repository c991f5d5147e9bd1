using System.Diagnostics;
using Jobs.Bench.Nodes;
using Jobs.Bench.Results;

namespace Jobs.Bench.Peers;

/// <summary>A peer's process is started again and again, each time with one job that waits: from the start of the process to the first line of that job.</summary>
sealed class PeerStartup(BenchServer server, Peer peer, int starts) : PeerWorkload(peer)
{
    const int WarmUp = 2;

    static readonly TimeSpan LongestStart = TimeSpan.FromSeconds(60);

    public override async Task<Run> RunAsync(CancellationToken cancellationToken)
    {
        var database = await server.CopyFilledAsync(Peer.Content(0), countStatements: false, cancellationToken);
        await using var caller = await PeerCaller.StartAsync(Peer, database, cancellationToken);

        var times = new List<TimeSpan>();
        for (var number = 0; number < WarmUp + starts; number++)
        {
            await caller.InsertAsync(cancellationToken);
            times.Add(await StartAsync(database, cancellationToken));
        }

        await caller.StopAsync(cancellationToken);
        await Peer.ThrowUnlessCompletedAsync(database, times.Count, cancellationToken);
        times.RemoveRange(0, WarmUp);
        return Describe(times.Aggregate(TimeSpan.Zero, static (sum, time) => sum + time)) with { Milliseconds = Percentiles.Of(times) };
    }

    async Task<TimeSpan> StartAsync(string database, CancellationToken cancellationToken)
    {
        await using var node = NodeProcess.Start(Peer.Nodes(1), database, static () => { });
        try
        {
            var firstAt = await node.First.WaitAsync(LongestStart, cancellationToken);
            await node.StopAsync(cancellationToken);
            return Stopwatch.GetElapsedTime(node.SpawnedAt, firstAt);
        }
        catch (TimeoutException)
        {
            throw new BenchException($"A node of {Peer.Name} did not begin its first job within {LongestStart.TotalSeconds} seconds.");
        }
    }

    protected override Run Describe(TimeSpan time) => new()
    {
        Workload = "startup",
        Peer = Peer.Title,
        Jobs = starts,
        Seconds = time.TotalSeconds,
    };
}
