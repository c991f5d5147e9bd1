using Jobs.Bench.Results;
using Jobs.Postgres;

namespace Jobs.Bench.Workloads;

/// <summary>psql's \copy of the rows that <see cref="Bulk"/> stored, into the same table with the same indexes: what PostgreSQL itself can do.</summary>
sealed class PsqlCopy(BenchServer server, Bulk bulk) : Workload
{
    public override string Kind => Describe(TimeSpan.MaxValue).Kind;

    public override async Task<Run> RunAsync(CancellationToken cancellationToken)
    {
        var database = await server.CopyFilledAsync(EmptyTables.Content, countStatements: false, cancellationToken);
        var wal = await server.Counters.WalAsync(cancellationToken);
        var postgresCpu = await server.Counters.CpuAsync(cancellationToken);
        var program = await CopyAsync(database, $"\\copy jobs.jobs ({PostgresStore.CopyColumns}) FROM '{bulk.RowsFile}'", cancellationToken);
        var run = Describe(program.Time) with
        {
            WorkersCpuSeconds = program.Cpu?.TotalSeconds,
            PostgresCpuSeconds = (await server.Counters.CpuAsync(cancellationToken) - postgresCpu)?.TotalSeconds,
            WalBytesPerJob = (double)(await server.Counters.WalAsync(cancellationToken) - wal) / bulk.Jobs,
        };
        if (await Look.ForJobsAsync(database, cancellationToken) != bulk.Jobs)
            throw new BenchException("psql did not store every row, so the time means nothing.");
        return run;
    }

    public static async Task<PostgresProgramResult> CopyAsync(string database, string command, CancellationToken cancellationToken)
    {
        var program = await PostgresProgram.RunAsync("psql", database, ["--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1", "--command", command], cancellationToken);
        return program.ExitCode == 0 ? program : throw new BenchException($"psql could not copy the rows:\n{program.Errors}");
    }

    Run Describe(TimeSpan time) => new() { Workload = "psql \\copy", Jobs = bulk.Jobs, Seconds = time.TotalSeconds };
}
