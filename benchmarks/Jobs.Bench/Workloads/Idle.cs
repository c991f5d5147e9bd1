using System.Diagnostics;
using Jobs.Bench.Nodes;
using Jobs.Bench.Results;

namespace Jobs.Bench.Workloads;

/// <summary>A node that has worked off some jobs, and then has nothing to do.</summary>
sealed class Idle(BenchServer server, NodeProgram program, TimeSpan time) : Workload
{
    // What it did last is over by then: claims that found nothing, connections that were closed.
    public static readonly TimeSpan Settles = TimeSpan.FromSeconds(5);

    static readonly NodeSettings Settings = new(NodeProgram.Jit, Nodes: 1, Concurrency: 10);

    /// <summary>What it has done before.</summary>
    public static StoredJobs Before { get; } = new(1_000);

    public override string Kind => Describe().Kind;

    public override async Task<Run> RunAsync(CancellationToken cancellationToken)
    {
        var counts = server.CanCountStatements;
        var database = await server.CopyFilledAsync(Before.Content, counts, cancellationToken);
        await using var nodes = NodeGroup.Start(Settings with { Program = program }, database);
        await nodes.UntilPerformedAsync(Before.Count, cancellationToken);
        await Task.Delay(Settles, cancellationToken);
        var (cpu, calls, startedAt) = (nodes.Cpu, counts ? await server.Counters.CallsInAsync(BenchServer.Measured, cancellationToken) : 0, Stopwatch.GetTimestamp());

        await Task.Delay(time, cancellationToken);

        var run = Describe() with
        {
            Seconds = Stopwatch.GetElapsedTime(startedAt).TotalSeconds,
            IdleMemoryBytes = nodes.ResidentMemory,
            PeakMemoryBytes = nodes.PeakMemory,
            WorkersCpuSeconds = (nodes.Cpu - cpu)?.TotalSeconds,
        };
        if (counts)
            run = run with { StatementsPerSecond = (await server.Counters.CallsInAsync(BenchServer.Measured, cancellationToken) - calls) / run.Seconds };
        await nodes.StopAsync(cancellationToken);
        await Before.ThrowUnlessCompletedAsync(database, cancellationToken);
        return run;
    }

    Run Describe() => new()
    {
        Workload = "idle",
        Jobs = 0,
        Runtime = program.Runtime,
        Concurrency = Settings.Concurrency,
        Seconds = time.TotalSeconds,
        ProgramBytes = program.Bytes,
    };
}
