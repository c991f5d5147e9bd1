using Jobs.Bench.Results;

namespace Jobs.Bench.Workloads;

/// <summary>One call that stores all jobs in one transaction, and tells what became of each.</summary>
sealed class InsertMany(BenchServer server, JobsToEnqueue jobs, string uniqueness) : Enqueue(server, jobs)
{
    protected override async Task<(int SaidToBeNew, Percentiles? Calls)> EnqueueAsync(JobClient client, Range numbers, CancellationToken cancellationToken)
    {
        var enqueued = await client.EnqueueManyAsync(Jobs.Make(numbers), cancellationToken);
        return (enqueued.Count(static job => job.IsNew), null);
    }

    protected override Run Describe(TimeSpan time) => new()
    {
        Workload = "unique",
        Uniqueness = uniqueness,
        Jobs = Jobs.Count,
        Seconds = time.TotalSeconds,
    };
}
