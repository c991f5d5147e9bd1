using System.Globalization;
using System.Text;
using Jobs.Bench.Measuring;
using Jobs.Bench.Results;

namespace Jobs.Bench.Workloads;

/// <summary>
/// The rows of <see cref="Insert"/>, inserted one by one through pgbench into the same table with the same indexes, each durable, and nobody is
/// notified: what PostgreSQL itself can do.
/// </summary>
sealed class PgbenchInsert(BenchServer server, int jobs, int clients) : Workload
{
    readonly int _ofEach = jobs / clients;

    public override string Kind => Describe(TimeSpan.MaxValue).Kind;

    public override async Task<Run> RunAsync(CancellationToken cancellationToken)
    {
        var database = await server.CopyFilledAsync(EmptyTables.Content, countStatements: false, cancellationToken);
        var before = await server.Counters.UseAsync(cancellationToken);
        var result = await Pgbench.RunAsync(database, Script(NoOpWorker.New(new NoOp(jobs))), clients, _ofEach, cancellationToken);
        var use = await server.Counters.UseAsync(cancellationToken) - before;
        if (await Look.ForJobsAsync(database, cancellationToken) != clients * _ofEach)
            throw new BenchException("pgbench did not insert every row, so the time means nothing.");
        return Describe(result.Time) with
        {
            WorkersCpuSeconds = result.Cpu?.TotalSeconds,
            PostgresCpuSeconds = use.Cpu?.TotalSeconds,
            WalBytesPerJob = (double)use.WalBytes / (clients * _ofEach),
            Milliseconds = Percentiles.Of(result.Transactions),
        };
    }

    static string Script(NewJob job) => string.Create(CultureInfo.InvariantCulture,
        $"""
        INSERT INTO jobs.jobs (max_attempts, priority, queue, worker, args)
        VALUES ({job.MaxAttempts}, {job.Priority}, '{job.Queue}', '{job.Worker}', '{Encoding.UTF8.GetString(job.Args.Span)}');

        """);

    Run Describe(TimeSpan time) => new() { Workload = "pgbench insert", Jobs = clients * _ofEach, Clients = clients, Seconds = time.TotalSeconds };
}
