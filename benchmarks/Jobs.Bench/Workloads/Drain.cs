using System.Diagnostics;
using Jobs.Bench.Measuring;
using Jobs.Bench.Results;
using Jobs.Queues;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Jobs.Bench.Workloads;

/// <summary>
/// One node works off jobs that do nothing, and the callbacks of their batches, and keeps their rows. The clock runs from the start of the host
/// to the answer of the last acknowledgement.
/// </summary>
sealed class Drain(BenchServer server, StoredJobs jobs, int concurrency) : Workload
{
    static readonly TimeSpan LongestWithoutProgress = TimeSpan.FromSeconds(60);

    public override string Kind => Describe(TimeSpan.MaxValue).Kind;

    public override Task<Run> RunAsync(CancellationToken cancellationToken) => RunAsync(countStatements: false, cancellationToken);

    /// <summary>Runs once, and has the statements counted, which costs time.</summary>
    public Task<Run> RunCountedAsync(CancellationToken cancellationToken) => RunAsync(countStatements: true, cancellationToken);

    async Task<Run> RunAsync(bool countStatements, CancellationToken cancellationToken)
    {
        var database = await server.CopyFilledAsync(jobs.Content, countStatements, cancellationToken);
        var countdown = new Countdown(jobs.Count + jobs.Batches);
        using var host = BenchHost.BuildWorker(database, concurrency, countdown);
        var commits = await server.Counters.CommitsAsync(BenchServer.Measured, cancellationToken);
        var wal = await server.Counters.WalAsync(cancellationToken);
        var postgresCpu = await server.Counters.CpuAsync(cancellationToken);
        var memory = Memory.Start();
        var cpu = Environment.CpuUsage.TotalTime;
        var watch = Stopwatch.StartNew();

        await host.StartAsync(cancellationToken);
        await UntilPerformedAsync(countdown, cancellationToken);
        await UntilAcknowledgedAsync(host.Services.GetRequiredService<HeldJobs>(), cancellationToken);

        watch.Stop();
        var peak = Memory.Peak();
        var run = Describe(watch.Elapsed) with
        {
            WorkersCpuSeconds = (Environment.CpuUsage.TotalTime - cpu).TotalSeconds,
            PostgresCpuSeconds = (await server.Counters.CpuAsync(cancellationToken) - postgresCpu)?.TotalSeconds,
            WalBytesPerJob = (double)(await server.Counters.WalAsync(cancellationToken) - wal) / jobs.Count,
            PeakMemoryBytes = peak,
            MemoryAboveStartBytes = peak - memory,
            CallbackMilliseconds = countdown.LatestCallback?.TotalMilliseconds,
        };
        await host.StopAsync(cancellationToken);
        if (host is IAsyncDisposable disposable)
            await disposable.DisposeAsync();
        run = run with { CommitsPerJob = (double)(await server.Counters.CommitsAsync(BenchServer.Measured, cancellationToken) - commits) / jobs.Count };
        if (countStatements)
        {
            var statements = await server.Counters.StatementsOfAsync(BenchServer.Measured, cancellationToken);
            run = run with { Statements = statements, StatementsPerJob = (double)statements.Sum(statement => statement.Calls) / jobs.Count };
        }

        await jobs.ThrowUnlessCompletedAsync(database, cancellationToken);
        return run;
    }

    static async Task UntilPerformedAsync(Countdown countdown, CancellationToken cancellationToken)
    {
        while (true)
        {
            var left = countdown.Left;
            try
            {
                await countdown.Done.WaitAsync(LongestWithoutProgress, cancellationToken);
                return;
            }
            catch (TimeoutException) when (countdown.Left < left)
            {
            }
            catch (TimeoutException)
            {
                throw new BenchException($"No job was performed for {LongestWithoutProgress.TotalSeconds} seconds, and {left} are left.");
            }
        }
    }

    // Asks the process, not the database: a look at jobs_executing would read the dead entries of all jobs, in the time that is measured.
    static async Task UntilAcknowledgedAsync(HeldJobs held, CancellationToken cancellationToken)
    {
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        timeout.CancelAfter(LongestWithoutProgress);
        using var poll = new PeriodicTimer(TimeSpan.FromMilliseconds(1));
        try
        {
            while (held.IdsOf(NoOpWorker.QueueName).Length > 0)
                await poll.WaitForNextTickAsync(timeout.Token);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new BenchException($"All jobs are performed, but some are not acknowledged after {LongestWithoutProgress.TotalSeconds} seconds.");
        }
    }

    Run Describe(TimeSpan time) => new()
    {
        Workload = "drain",
        Jobs = jobs.Count,
        Batches = jobs.Batches,
        Nodes = 1,
        Concurrency = concurrency,
        Seconds = time.TotalSeconds,
    };
}
