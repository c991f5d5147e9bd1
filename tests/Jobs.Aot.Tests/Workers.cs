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

[JsonSerializable(typeof(Address))]
sealed partial class NativeOutput : JsonSerializerContext;

/// <summary>Counts the jobs that run through it.</summary>
public sealed class Counter : IPerformMiddleware
{
    int _jobs;

    public int Jobs => _jobs;

    public ValueTask<JobOutcome> PerformAsync(JobContext job, Func<CancellationToken, ValueTask<JobOutcome>> next, CancellationToken cancellationToken)
    {
        Interlocked.Increment(ref _jobs);
        return next(cancellationToken);
    }
}

/// <summary>What the workers of this process saw.</summary>
public sealed class Journal
{
    readonly ConcurrentDictionary<string, TaskCompletionSource> _signals = new();

    public ConcurrentQueue<Everything> Everything { get; } = new();

    public ConcurrentQueue<Nested> Nested { get; } = new();

    public ConcurrentQueue<BatchComplete<Address>> Callbacks { get; } = new();

    public Task Seen(string what) => Signal(what).Task.WaitAsync(TimeSpan.FromSeconds(60));

    public void Say(string what) => Signal(what).TrySetResult();

    /// <summary>Whether nobody has said it before, who now does.</summary>
    public bool IsFirst(string what) => Signal(what).TrySetResult();

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
        return JobOutcome.CompleteWith(new Address("Main Street", "Ghent"), NativeOutput.Default.Address);
    }

    [Perform]
    public void Tell(BatchComplete<Address> batch)
    {
        journal.Callbacks.Enqueue(batch);
        journal.Say(batch.BatchId);
    }
}

public sealed record Endless(string Text);

/// <summary>Has a second for each attempt, and tells itself how long to wait for the next.</summary>
[Worker(Name = "hasty", Queue = "native", MaxAttempts = 2, TimeoutSeconds = 1)]
public sealed partial class HastyWorker
{
    [Perform]
    public async Task RunAsync(Endless endless, JobContext job, CancellationToken cancellationToken)
    {
        job.ReportProgress(job.Attempt, 2, endless.Text);
        if (job.Attempt == 1)
            await Task.Delay(Timeout.Infinite, cancellationToken);
    }

    [Backoff]
    static TimeSpan WaitAfter(FailedAttempt failed) => failed.Exception is TimeoutException ? TimeSpan.Zero : failed.DefaultDelay;
}

public sealed record Singular(string Name);

/// <summary>Its jobs wait where nobody works, and are one with their equals.</summary>
[Worker(Queue = "waiting"), Unique(PeriodSeconds = 3_600, Since = UniqueSince.Due, OnConflict = UniqueConflict.Replace)]
public sealed partial class SingularWorker
{
    [Perform]
    public void Run(Singular singular)
    {
    }
}

public sealed record Patient(string Name, int Seconds);

/// <summary>Takes its time, and hears of cancels; snoozes once if it has less than none; completes itself if its name says so.</summary>
[Worker(Name = "patient", Queue = "native")]
public sealed partial class PatientWorker(Journal journal)
{
    [Perform]
    public async Task<JobOutcome> RunAsync(Patient patient, JobContext job, CancellationToken cancellationToken)
    {
        if (patient.Seconds < 0 && journal.IsFirst(patient.Name))
            return JobOutcome.Snooze(TimeSpan.FromMilliseconds(50));
        journal.Say(patient.Name);
        if (patient.Seconds > 0)
            await Task.Delay(TimeSpan.FromSeconds(patient.Seconds), cancellationToken);
        if (patient.Name == "completes itself")
            await job.CompleteAsync(static (_, _) => Task.CompletedTask, cancellationToken);
        return JobOutcome.Complete;
    }
}
