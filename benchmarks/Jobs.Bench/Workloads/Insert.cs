using System.Diagnostics;
using Jobs.Bench.Results;

namespace Jobs.Bench.Workloads;

/// <summary>Callers that enqueue one job after the other, each in a transaction of its own, as requests of a web application do.</summary>
sealed class Insert(BenchServer server, JobsToEnqueue jobs, int callers) : Enqueue(server, jobs)
{
    /// <summary>What is said of the jobs, where unique ones are compared with others.</summary>
    public string? Uniqueness { get; init; }

    protected override async Task<(int SaidToBeNew, Percentiles? Calls)> EnqueueAsync(JobClient client, Range numbers, CancellationToken cancellationToken)
    {
        var (first, end, saidToBeNew) = (numbers.Start.Value, numbers.End.Value, 0);
        var next = first - 1;
        var times = new TimeSpan[end - first];
        await Task.WhenAll(Enumerable.Range(0, callers).Select(_ => Task.Run(CallAsync, cancellationToken)));
        return (saidToBeNew, Percentiles.Of(times));

        async Task CallAsync()
        {
            while (Interlocked.Increment(ref next) is var number && number < end)
            {
                var calledAt = Stopwatch.GetTimestamp();
                var enqueued = await client.EnqueueAsync(Jobs.Make(number), cancellationToken);
                times[number - first] = Stopwatch.GetElapsedTime(calledAt);
                if (enqueued.IsNew)
                    Interlocked.Increment(ref saidToBeNew);
            }
        }
    }

    protected override Run Describe(TimeSpan time) => new()
    {
        Workload = Uniqueness is null ? "insert" : "unique",
        Uniqueness = Uniqueness,
        Jobs = Jobs.Count,
        Clients = callers,
        Seconds = time.TotalSeconds,
    };
}
