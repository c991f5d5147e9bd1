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

    /// <summary>Prints what part of the best of the others a workload has reached.</summary>
    public void WriteRatio(Workload workload, params IEnumerable<Workload> others) => Table.WriteRatioToBest(Log.Runs, workload, others, Console.Out);
}
