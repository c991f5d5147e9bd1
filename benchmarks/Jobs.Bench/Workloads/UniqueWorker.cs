namespace Jobs.Bench.Workloads;

/// <summary>The worker of jobs that are one with equal ones. Nobody runs them.</summary>
[Worker(Name = "bench.unique", Queue = NoOpWorker.QueueName), Unique]
public sealed partial class UniqueWorker
{
    [Perform]
    public void Perform(NoOp job)
    {
    }
}
