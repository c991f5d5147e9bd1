using Jobs.Bench.Nodes;
using Jobs.Bench.Results;
using Jobs.Bench.Workloads;

namespace Jobs.Bench.Commands;

/// <summary>What all workloads of one start of the program share.</summary>
sealed record Session(BenchServer Server, RunLog Log, int Runs)
{
    public Task FillAsync(StoredJobs jobs, CancellationToken cancellationToken) => Server.FillAsync(jobs.Content, jobs.StoreAsync, cancellationToken);

    public Task FillEmptyAsync(CancellationToken cancellationToken) => Server.FillAsync(EmptyTables.Content, EmptyTables.MakeAsync, cancellationToken);

    /// <summary>Runs workloads in turns, and prints the table.</summary>
    public async Task RunInTurnsAsync(IReadOnlyList<Workload> workloads, CancellationToken cancellationToken)
    {
        await Rounds.RunAsync(workloads, Runs, Log, cancellationToken);
        Table.Write(Log.Runs, Console.Out);
    }

    /// <summary>Drains in turns what is stored in several ways, on each of the nodes, and prints what part of the first way's rate the others have.</summary>
    public async Task CompareDrainsAsync(IReadOnlyList<StoredJobs> stored, IReadOnlyList<NodeSettings> nodes, CancellationToken cancellationToken)
    {
        foreach (var jobs in stored)
            await FillAsync(jobs, cancellationToken);
        var drains = nodes.Select(settings => stored.Select(jobs => new Drain(Server, jobs, settings)).ToList()).ToList();
        await RunInTurnsAsync([.. drains.SelectMany(static same => same)], cancellationToken);
        foreach (var same in drains)
        {
            foreach (var drain in same[1..])
                WriteRatio(drain, same[0]);
        }
    }

    /// <summary>Prints what part of the best of the others a workload has reached.</summary>
    public void WriteRatio(Workload workload, params IEnumerable<Workload> others) => Table.WriteRatioToBest(Log.Runs, workload, others, Console.Out);
}
