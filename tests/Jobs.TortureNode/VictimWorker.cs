namespace Jobs.TortureNode;

public sealed record Victim(int Number);

/// <summary>What a job does in this process.</summary>
public sealed class Fate(Func<int, CancellationToken, Task> perform, Action<BatchComplete> tell)
{
    public Task PerformAsync(int number, CancellationToken cancellationToken) => perform(number, cancellationToken);

    public void Tell(BatchComplete batch) => tell(batch);
}

[Worker(Name = "torture.victim", Queue = "victims", MaxAttempts = 3)]
public sealed partial class VictimWorker(Fate fate)
{
    [Perform]
    public Task PerformAsync(Victim victim, CancellationToken cancellationToken) => fate.PerformAsync(victim.Number, cancellationToken);

    [Perform]
    public void Tell(BatchComplete batch) => fate.Tell(batch);
}
