using System.Diagnostics;
using Jobs.Bench.Nodes;
using Jobs.Bench.Results;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Jobs.Bench.Workloads;

/// <summary>A node is started again and again, each time with one job that waits: from the start of its process to the first line of that job.</summary>
sealed class Startup(BenchServer server, NodeProgram program, int starts) : Workload
{
    // The server, and the system's cache of files, are warm then.
    const int WarmUp = 2;

    static readonly TimeSpan LongestStart = TimeSpan.FromSeconds(60);
    static readonly NodeSettings Settings = new(NodeProgram.Jit, Nodes: 1, Concurrency: 10);

    public override string Kind => Describe([TimeSpan.Zero]).Kind;

    public override async Task<Run> RunAsync(CancellationToken cancellationToken)
    {
        var database = await server.CopyFilledAsync(EmptyTables.Content, countStatements: false, cancellationToken);
        using var caller = BenchHost.BuildClient(database);
        await caller.StartAsync(cancellationToken);
        var client = caller.Services.GetRequiredService<JobClient>();

        var times = new List<TimeSpan>();
        for (var number = 0; number < WarmUp + starts; number++)
        {
            await client.EnqueueAsync(NoOpWorker.New(new NoOp(number)), cancellationToken);
            times.Add(await StartAsync(database, cancellationToken));
        }

        await caller.StopAsync(cancellationToken);
        await new StoredJobs(WarmUp + starts).ThrowUnlessCompletedAsync(database, cancellationToken);
        return Describe(times[WarmUp..]);
    }

    async Task<TimeSpan> StartAsync(string database, CancellationToken cancellationToken)
    {
        await using var node = NodeProcess.Start(Settings with { Program = program }, database, static () => { });
        try
        {
            var firstAt = await node.First.WaitAsync(LongestStart, cancellationToken);
            await node.StopAsync(cancellationToken);
            return Stopwatch.GetElapsedTime(node.SpawnedAt, firstAt);
        }
        catch (TimeoutException)
        {
            throw new BenchException($"A node did not begin its first job within {LongestStart.TotalSeconds} seconds.");
        }
    }

    Run Describe(IReadOnlyList<TimeSpan> times) => new()
    {
        Workload = "startup",
        Jobs = starts,
        Runtime = program.Runtime,
        Concurrency = Settings.Concurrency,
        Seconds = times.Sum(static time => time.TotalSeconds),
        Milliseconds = Percentiles.Of(times),
        ProgramBytes = program.Bytes,
    };
}
