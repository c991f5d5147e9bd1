using System.Diagnostics;
using Jobs.Bench.Measuring;
using Jobs.Bench.Results;
using Jobs.Postgres;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Jobs.Bench.Workloads;

/// <summary>One batch, in one transaction, from a source that makes its jobs as they are asked for. Leaves its rows in a file for <see cref="PsqlCopy"/>.</summary>
sealed class Bulk(BenchServer server, int jobs) : Workload, IDisposable
{
    const int WarmUp = 5_000;
    const string BatchId = "bulk";

    readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("jobs-bench-");

    public string RowsFile => Path.Combine(_folder.FullName, "rows");

    public int Jobs => jobs;

    public override string Kind => Describe(TimeSpan.MaxValue).Kind;

    public override async Task<Run> RunAsync(CancellationToken cancellationToken)
    {
        var database = await server.CopyFilledAsync(EmptyTables.Content, countStatements: false, cancellationToken);
        using var host = BenchHost.BuildClient(database);
        await host.StartAsync(cancellationToken);
        var client = host.Services.GetRequiredService<JobClient>();
        await client.EnqueueBatchAsync("warm-up", StoredJobs.Some(WarmUp), cancellationToken: cancellationToken);
        var wal = await server.Counters.WalAsync(cancellationToken);
        var postgresCpu = await server.Counters.CpuAsync(cancellationToken);
        var memory = Memory.Start();
        var cpu = Environment.CpuUsage.TotalTime;
        var watch = Stopwatch.StartNew();

        await client.EnqueueBatchAsync(BatchId, StoredJobs.Some(jobs), cancellationToken: cancellationToken);

        watch.Stop();
        var peak = Memory.Peak();
        var run = Describe(watch.Elapsed) with
        {
            WorkersCpuSeconds = (Environment.CpuUsage.TotalTime - cpu).TotalSeconds,
            PostgresCpuSeconds = (await server.Counters.CpuAsync(cancellationToken) - postgresCpu)?.TotalSeconds,
            WalBytesPerJob = (double)(await server.Counters.WalAsync(cancellationToken) - wal) / jobs,
            PeakMemoryBytes = peak,
            MemoryAboveStartBytes = peak - memory,
        };
        await BenchHost.EndAsync(host, cancellationToken);
        if (await Look.ForJobsAsync(database, cancellationToken) != WarmUp + jobs)
            throw new BenchException("The batch did not store every job, so the time means nothing.");
        await KeepRowsAsync(database, cancellationToken);
        return run;
    }

    public void Dispose() => _folder.Delete(recursive: true);

    async Task KeepRowsAsync(string database, CancellationToken cancellationToken)
    {
        var rows = $"SELECT {PostgresStore.CopyColumns} FROM jobs.jobs WHERE batch = (SELECT key FROM jobs.batches WHERE id = '{BatchId}') ORDER BY id";
        await PsqlCopy.CopyAsync(database, $"\\copy ({rows}) TO '{RowsFile}'", cancellationToken);
    }

    Run Describe(TimeSpan time) => new() { Workload = "bulk", Jobs = jobs, Batches = 1, Seconds = time.TotalSeconds };
}
