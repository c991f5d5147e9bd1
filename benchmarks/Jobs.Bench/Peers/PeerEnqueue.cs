using Jobs.Bench.Results;

namespace Jobs.Bench.Peers;

/// <summary>
/// Stores jobs in a peer's tables by a process of its own, where nobody works them: one by one with several callers, or, without callers, by the
/// call that stores the most at once. The clock is that of the process, from before the first call to the answer of the last.
/// </summary>
sealed class PeerEnqueue(BenchServer server, Peer peer, int jobs, int? callers) : PeerWorkload(peer)
{
    const int WarmUp = 2_000;

    public override async Task<Run> RunAsync(CancellationToken cancellationToken)
    {
        var database = await server.CopyFilledAsync(Peer.Content(0), countStatements: false, cancellationToken);
        await using var caller = await PeerCaller.StartAsync(Peer, database, cancellationToken);
        await EnqueueAsync(caller, WarmUp, cancellationToken);
        var before = await server.Counters.UseAsync(cancellationToken);
        var cpu = caller.Cpu;

        var time = await EnqueueAsync(caller, jobs, cancellationToken);

        var use = await server.Counters.UseAsync(cancellationToken) - before;
        var run = Describe(time) with
        {
            WorkersCpuSeconds = (caller.Cpu - cpu)?.TotalSeconds,
            PostgresCpuSeconds = use.Cpu?.TotalSeconds,
            WalBytesPerJob = (double)use.WalBytes / jobs,
            PeakMemoryBytes = caller.PeakMemory,
        };
        await caller.StopAsync(cancellationToken);
        if (await Peer.CountStoredAsync(database, cancellationToken) is var stored && stored != WarmUp + jobs)
            throw new BenchException($"There are {stored} rows of {WarmUp + jobs} jobs, so the time means nothing.");
        return run;
    }

    Task<TimeSpan> EnqueueAsync(PeerCaller caller, int count, CancellationToken cancellationToken) =>
        callers is { } several ? caller.InsertAsync(count, several, cancellationToken) : caller.BulkAsync(count, cancellationToken);

    protected override Run Describe(TimeSpan time) => new()
    {
        Workload = callers is null ? "bulk" : "insert",
        Peer = Peer.Title,
        Jobs = jobs,
        Clients = callers,
        Seconds = time.TotalSeconds,
    };
}
