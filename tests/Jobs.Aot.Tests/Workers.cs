using System.Collections.Concurrent;
using System.Text.Json;
using System.Text.Json.Serialization;
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

public sealed record Address(string Street, string? City = null);

[JsonDerivedType(typeof(Circle), "circle")]
public abstract record Figure;

public sealed record Circle(double Radius) : Figure;

public sealed record Nested(
    string Name, Address Home, List<Address> Others, Dictionary<string, int[]> Scores, DateTime At, DateOnly Day, TimeOnly Time, TimeSpan Length, Uri Link,
    byte[] Bytes, Weekdays Weekdays, JsonElement Json, Figure Figure, HashSet<int> Numbers);

[Flags]
public enum Weekdays
{
    None = 0,
    Monday = 1,
    Friday = 16,
}

[JsonSerializable(typeof(Figure)), JsonSerializable(typeof(HashSet<int>))]
sealed partial class NestedJson : JsonSerializerContext;

/// <summary>What the workers of this process saw.</summary>
public sealed class Journal
{
    readonly ConcurrentDictionary<string, TaskCompletionSource> _signals = new();

    public ConcurrentQueue<Everything> Everything { get; } = new();

    public ConcurrentQueue<Nested> Nested { get; } = new();

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
    public void Take(Nested nested)
    {
        journal.Nested.Enqueue(nested);
        journal.Say(nested.Name);
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
