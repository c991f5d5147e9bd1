using System.Collections.Concurrent;
using Microsoft.Extensions.DependencyInjection;

namespace Jobs.Runtime.Tests.Behaviour;

public sealed record Greeting(string Text);

public sealed record Order(int Number, string? Note, [FromBatch] string? BatchId = null, [FromBatch] int BatchSize = 0);

/// <summary>What the workers of one host saw, and what they are told to do.</summary>
public sealed class Script
{
    public ConcurrentQueue<string> Events { get; } = new();

    public Func<JobContext, CancellationToken, Task<JobOutcome>> Greet { get; set; } = static (_, _) => Task.FromResult(JobOutcome.Complete);

    /// <summary>What each job was performed with.</summary>
    public ConcurrentDictionary<long, object> Received { get; } = new();

    public ConcurrentDictionary<string, TaskCompletionSource> Signals { get; } = new();

    /// <summary>Completes when a worker has said <paramref name="what"/>.</summary>
    public Task Seen(string what) => Signal(what).Task.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);

    public void Say(string what)
    {
        Events.Enqueue(what);
        Signal(what).TrySetResult();
    }

    TaskCompletionSource Signal(string what) =>
        Signals.GetOrAdd(what, static _ => new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
}

/// <summary>A service with the lifetime of a job's scope.</summary>
public sealed class ScopedThing(Script script) : IDisposable
{
    public void Dispose() => script.Say("scope disposed");
}

[Worker(Name = "greeter", Aliases = ["App.OldGreeter"], Queue = "tests", MaxAttempts = 3, Tags = ["greetings"])]
public sealed partial class Greeter(Script script, ScopedThing thing) : IAsyncDisposable
{
    [Perform]
    public async Task<JobOutcome> GreetAsync(Greeting greeting, JobContext job, CancellationToken cancellationToken)
    {
        Assert.NotNull(thing);
        var outcome = await script.Greet(job, cancellationToken);
        script.Say($"{greeting.Text}, attempt {job.Attempt}");
        return outcome;
    }

    [Perform]
    public void Order(Order order, BatchRef? batch) =>
        script.Say($"order {order.Number} {order.Note ?? "-"} {order.BatchId ?? "-"} {order.BatchSize} {batch?.Id ?? "-"}");

    [Perform]
    public ValueTask CompleteAsync(BatchComplete batch)
    {
        script.Say($"{batch.BatchId}: {batch.Completed} completed, {batch.Cancelled} cancelled, {batch.Discarded} discarded of {batch.Total}");
        return ValueTask.CompletedTask;
    }

    public ValueTask DisposeAsync()
    {
        script.Say("worker disposed");
        return ValueTask.CompletedTask;
    }
}

public sealed record Farewell(string Text);

/// <summary>Has what it needs by required members and by keys, and is disposed without a wait.</summary>
[Worker(Queue = "tests")]
public sealed partial class Parting([FromKeyedServices("spare")] ScopedThing spare) : IDisposable
{
    public required Script Script { get; init; }

    public required ScopedThing? Thing { get; init; }

    [Perform]
    public void Part(Farewell farewell, ScopedThing thing, [FromKeyedServices("spare")] ScopedThing same) =>
        Script.Say($"{farewell.Text}, {(ReferenceEquals(thing, Thing) ? "its scope" : "another scope")}, {(ReferenceEquals(same, spare) ? "its spare" : "another spare")}");

    public void Dispose() => Script.Say("parted");
}

[Worker(Queue = "tests")]
public sealed partial class AdminWorker(Script script)
{
    [Perform]
    public void Tell(BatchComplete batch) => script.Say($"admin: {batch.BatchId}");
}
