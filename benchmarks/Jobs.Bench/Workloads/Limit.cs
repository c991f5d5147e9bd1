using Jobs.Bench.Measuring;
using Jobs.Bench.Results;

namespace Jobs.Bench.Workloads;

/// <summary>
/// The jobs of <see cref="Drain"/>, claimed and acknowledged by the product's own statements through pgbench: no worker, no queue, only the
/// database. The clock runs from the first claim to the answer of the last acknowledgement.
/// </summary>
sealed class Limit(BenchServer server, StoredJobs jobs, int jobsPerStatement, int clients) : Workload
{
    public override string Kind => Describe(TimeSpan.MaxValue).Kind;

    public override async Task<Run> RunAsync(CancellationToken cancellationToken)
    {
        var database = await server.CopyFilledAsync(jobs.Content, countStatements: false, cancellationToken);
        var commits = await server.Counters.CommitsAsync(BenchServer.Measured, cancellationToken);
        var wal = await server.Counters.WalAsync(cancellationToken);
        var postgresCpu = await server.Counters.CpuAsync(cancellationToken);

        var result = await Pgbench.RunUntilNothingIsLeftAsync(database, PgbenchScript.Write(jobsPerStatement), clients, cancellationToken);

        var run = Describe(result.Time) with
        {
            WorkersCpuSeconds = result.Cpu?.TotalSeconds,
            PostgresCpuSeconds = (await server.Counters.CpuAsync(cancellationToken) - postgresCpu)?.TotalSeconds,
            WalBytesPerJob = (double)(await server.Counters.WalAsync(cancellationToken) - wal) / jobs.Count,
            CommitsPerJob = (double)(await server.Counters.CommitsAsync(BenchServer.Measured, cancellationToken) - commits) / jobs.Count,
        };
        await jobs.ThrowUnlessCompletedAsync(database, cancellationToken);
        return run;
    }

    Run Describe(TimeSpan time) => new()
    {
        Workload = "limit",
        Jobs = jobs.Count,
        Batches = jobs.Batches,
        JobsPerStatement = jobsPerStatement,
        Clients = clients,
        Seconds = time.TotalSeconds,
    };
}
