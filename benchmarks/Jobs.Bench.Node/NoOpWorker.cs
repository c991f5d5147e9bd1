namespace Jobs.Bench;

public sealed record NoOp(int Number);

/// <summary>Does nothing, and is told when all of them have.</summary>
[Worker(Name = WorkerName, Queue = QueueName)]
public sealed partial class NoOpWorker(Performances performances)
{
    public const string WorkerName = "bench.no_op";
    public const string QueueName = "bench";

    [Perform]
    public void Perform(NoOp job) => performances.Begin();

    [Perform]
    public void Complete(BatchComplete batch) => performances.BeginCallback();
}
