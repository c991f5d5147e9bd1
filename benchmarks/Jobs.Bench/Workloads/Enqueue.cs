using System.Diagnostics;
using Jobs.Bench.Measuring;
using Jobs.Bench.Results;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Jobs.Bench.Workloads;

/// <summary>Stores jobs with the product's client, in a process that is warm, on a server where nobody works them.</summary>
abstract class Enqueue(BenchServer server, JobsToEnqueue jobs) : Workload
{
    protected JobsToEnqueue Jobs => jobs;

    public override string Kind => Describe(TimeSpan.MaxValue).Kind;

    public override async Task<Run> RunAsync(CancellationToken cancellationToken)
    {
        var database = await server.CopyFilledAsync(jobs.Content, countStatements: false, cancellationToken);
        using var host = BenchHost.BuildClient(database);
        await host.StartAsync(cancellationToken);
        var client = host.Services.GetRequiredService<JobClient>();
        await EnqueueAsync(client, JobsToEnqueue.WarmUp, cancellationToken);
        var before = await server.Counters.UseAsync(cancellationToken);
        var memory = Memory.Start();
        var cpu = Environment.CpuUsage.TotalTime;
        var startedAt = Stopwatch.GetTimestamp();

        var (saidToBeNew, calls) = await EnqueueAsync(client, jobs.Measured, cancellationToken);

        var time = Stopwatch.GetElapsedTime(startedAt);
        var peak = Memory.Peak();
        var use = await server.Counters.UseAsync(cancellationToken) - before;
        var run = Describe(time) with
        {
            WorkersCpuSeconds = (Environment.CpuUsage.TotalTime - cpu).TotalSeconds,
            PostgresCpuSeconds = use.Cpu?.TotalSeconds,
            WalBytesPerJob = (double)use.WalBytes / jobs.Count,
            PeakMemoryBytes = peak,
            MemoryAboveStartBytes = peak - memory,
            Milliseconds = calls,
        };
        await BenchHost.EndAsync(host, cancellationToken);
        await jobs.ThrowUnlessStoredAsync(database, saidToBeNew, cancellationToken);
        return run;
    }

    /// <summary>Enqueues the jobs of these numbers.</summary>
    /// <returns>How many were new, and how long a call took, if there were many.</returns>
    protected abstract Task<(int SaidToBeNew, Percentiles? Calls)> EnqueueAsync(JobClient client, Range numbers, CancellationToken cancellationToken);

    protected abstract Run Describe(TimeSpan time);
}
