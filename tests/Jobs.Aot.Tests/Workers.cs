using System.Collections.Concurrent;
using Jobs;

namespace Jobs.Aot.Tests;

public enum Mood
{
    Calm,
    Loud,
}

public sealed record Everything(
    string Text, string? Note, int Number, long Big, double Ratio, decimal Money, bool Flag, Guid Id, DateTimeOffset At, Mood Mood, Mood? Other, int? Maybe);

public sealed record Fragile(int FailuresFirst);

/// <summary>What the workers of this process saw.</summary>
public sealed class Journal
{
    readonly ConcurrentDictionary<string, TaskCompletionSource> _signals = new();

    public ConcurrentQueue<Everything> Everything { get; } = new();

    public ConcurrentQueue<BatchComplete> Callbacks { get; } = new();

    public Task Seen(string what) => Signal(what).Task.WaitAsync(TimeSpan.FromSeconds(60));

    public void Say(string what) => Signal(what).TrySetResult();

    TaskCompletionSource Signal(string what) => _signals.GetOrAdd(what, static _ => new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
}

[Worker(Name = "native", Queue = "native", MaxAttempts = 3)]
public sealed partial class NativeWorker(Journal journal)
{
    [Perform]
    public Task TakeAsync(Everything everything, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        journal.Everything.Enqueue(everything);
        journal.Say(everything.Text);
        return Task.CompletedTask;
    }

    [Perform]
    public JobOutcome Try(Fragile fragile, JobContext job)
    {
        if (job.Attempt <= fragile.FailuresFirst)
            return JobOutcome.RetryAfter(TimeSpan.Zero, "not yet");
        journal.Say("fragile");
        return JobOutcome.Complete;
    }

    [Perform]
    public void Tell(BatchComplete batch)
    {
        journal.Callbacks.Enqueue(batch);
        journal.Say(batch.BatchId);
    }
}
