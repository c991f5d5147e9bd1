using System.Diagnostics;
using Jobs.Bench.Measuring;
using Jobs.Bench.Nodes;
using Jobs.Bench.Results;

namespace Jobs.Bench.Workloads;

/// <summary>
/// Nodes, each a process of its own, work off jobs that do nothing, and the callbacks of their batches, and keep their rows. The clock runs from
/// the first line of the first node's program to the answer of the last acknowledgement.
/// </summary>
sealed class Drain(BenchServer server, StoredJobs jobs, NodeSettings settings) : Workload
{
    public override string Kind => Describe(TimeSpan.MaxValue).Kind;

    public override Task<Run> RunAsync(CancellationToken cancellationToken) => RunAsync(countStatements: false, cancellationToken);

    /// <summary>Runs once, and has the statements counted, which costs time.</summary>
    public Task<Run> RunCountedAsync(CancellationToken cancellationToken) => RunAsync(countStatements: true, cancellationToken);

    async Task<Run> RunAsync(bool countStatements, CancellationToken cancellationToken)
    {
        var database = await server.CopyFilledAsync(jobs.Content, countStatements, cancellationToken);
        var commits = await server.Counters.CommitsAsync(BenchServer.Measured, cancellationToken);
        var before = await server.Counters.UseAsync(cancellationToken);

        await using var nodes = NodeGroup.Start(settings, database);
        var endedAt = await nodes.UntilPerformedAsync(jobs.Count + jobs.Batches, cancellationToken);

        var use = await server.Counters.UseAsync(cancellationToken) - before;
        var run = Describe(Stopwatch.GetElapsedTime(nodes.StartedAt, endedAt)) with
        {
            WorkersCpuSeconds = nodes.Cpu?.TotalSeconds,
            PostgresCpuSeconds = use.Cpu?.TotalSeconds,
            WalBytesPerJob = (double)use.WalBytes / jobs.Count,
            PeakMemoryBytes = nodes.PeakMemory,
            FirstJobMilliseconds = Stopwatch.GetElapsedTime(nodes.StartedAt, nodes.FirstAt).TotalMilliseconds,
            CallbackMilliseconds = jobs.Batches > 0 ? await CallbackMillisecondsAsync(nodes, database, cancellationToken) : null,
        };
        if (jobs.Finished is { AreDue: true } finished)
            run = run with { PrunedPerSecond = await PrunedPerSecondAsync(nodes, finished, database, cancellationToken) };
        await nodes.StopAsync(cancellationToken);
        run = run with { CommitsPerJob = (double)(await server.Counters.CommitsAsync(BenchServer.Measured, cancellationToken) - commits) / jobs.Count };
        if (countStatements)
        {
            var statements = await server.Counters.StatementsOfAsync(BenchServer.Measured, cancellationToken);
            run = run with { Statements = statements, StatementsPerJob = (double)statements.Sum(statement => statement.Calls) / jobs.Count };
        }

        await jobs.ThrowUnlessCompletedAsync(database, cancellationToken);
        return run;
    }

    // The server tells the time of a batch's end, and the node the timestamp of its callback: one machine has both clocks.
    static async Task<double> CallbackMillisecondsAsync(NodeGroup nodes, string database, CancellationToken cancellationToken)
    {
        var closedAt = await StoredJobs.LastBatchEndAsync(database, cancellationToken);
        return (DateTimeOffset.UtcNow - closedAt - Stopwatch.GetElapsedTime(nodes.CallbackAt)).TotalMilliseconds;
    }

    static async Task<double> PrunedPerSecondAsync(NodeGroup nodes, FinishedRows finished, string database, CancellationToken cancellationToken)
    {
        var time = Stopwatch.GetElapsedTime(nodes.StartedAt);
        var left = await finished.CountAsync(database, cancellationToken);
        return left > 0 ? (finished.Count - left) / time.TotalSeconds
            : throw new BenchException("The last finished row was pruned before the last job had ended, so the pruner did not run for the whole time. Take more rows or fewer jobs.");
    }

    Run Describe(TimeSpan time) => new()
    {
        Workload = jobs.Workload,
        Jobs = jobs.Count,
        Batches = jobs.Batches,
        FinishedRows = jobs.Finished?.Count,
        Nodes = settings.Nodes,
        Concurrency = settings.Concurrency,
        Runtime = settings.Program.Runtime,
        Seconds = time.TotalSeconds,
    };
}
