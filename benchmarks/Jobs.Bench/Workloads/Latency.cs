using System.Diagnostics;
using Jobs.Bench.Results;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Jobs.Bench.Workloads;

/// <summary>
/// One job after the other on a node that has nothing else to do, from the call of its enqueue to the first line of its perform method; enqueued
/// by the node itself, or by another, which has to tell it.
/// </summary>
sealed class Latency(BenchServer server, int jobs, int nodes) : Workload
{
    public const int WarmUp = 50;
    public static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(30);

    public override string Kind => Describe([TimeSpan.Zero]).Kind;

    public override async Task<Run> RunAsync(CancellationToken cancellationToken)
    {
        var database = await server.CopyFilledAsync(EmptyTables.Content, countStatements: false, cancellationToken);
        var performances = new Performances();
        using var worker = BenchHost.BuildWorker(database, concurrency: 10, performances);
        using var caller = BenchHost.BuildClient(database);
        await worker.StartAsync(cancellationToken);
        await caller.StartAsync(cancellationToken);
        var client = (nodes == 1 ? worker : caller).Services.GetRequiredService<JobClient>();

        var times = new List<TimeSpan>();
        for (var number = 0; number < WarmUp + jobs; number++)
            times.Add(await OneAsync(client, number, performances, cancellationToken));

        foreach (var host in new[] { worker, caller })
            await BenchHost.EndAsync(host, cancellationToken);

        await new StoredJobs(WarmUp + jobs).ThrowUnlessCompletedAsync(database, cancellationToken);
        return Describe(times[WarmUp..]);
    }

    // So long that the node has gone to sleep again, and not at the same beat as what it does by itself.
    public static Task IdleAsync(CancellationToken cancellationToken) => Task.Delay(TimeSpan.FromMilliseconds(5 + 20 * Random.Shared.NextDouble()), cancellationToken);

    static async Task<TimeSpan> OneAsync(JobClient client, int number, Performances performances, CancellationToken cancellationToken)
    {
        await IdleAsync(cancellationToken);
        var began = performances.NextAsync();
        var calledAt = Stopwatch.GetTimestamp();
        await client.EnqueueAsync(NoOpWorker.New(new NoOp(number)), cancellationToken);
        try
        {
            return Stopwatch.GetElapsedTime(calledAt, await began.WaitAsync(LongestWait, cancellationToken));
        }
        catch (TimeoutException)
        {
            throw new BenchException($"A job did not begin within {LongestWait.TotalSeconds} seconds.");
        }
    }

    Run Describe(IReadOnlyList<TimeSpan> times) => new()
    {
        Workload = "latency",
        Jobs = jobs,
        Nodes = nodes,
        Seconds = times.Sum(static time => time.TotalSeconds),
        Milliseconds = Percentiles.Of(times),
    };
}
