using System.Collections.Concurrent;
using Jobs.Testing.Database;
using Npgsql;

namespace Jobs.Runtime.Tests.BatchEnds;

/// <summary>A member that fails so often before it completes.</summary>
public sealed record Step(int Failures);

public sealed record LastStep(string Text);

/// <summary>A callback that ran: what it was told, how the batch was then, and when it was enqueued.</summary>
public sealed record Told(BatchComplete Batch, BatchStatus Status, DateTimeOffset InsertedAt);

/// <summary>What the last members of batches do, and what the callbacks heard, on all nodes: the rows of both are pruned at once.</summary>
public sealed class EndJournal(TestDatabase database)
{
    readonly ConcurrentDictionary<string, TaskCompletionSource> _told = new();

    /// <summary>What a last member does.</summary>
    public Func<JobContext, CancellationToken, Task<JobOutcome>> Deed { get; set; } = static (_, _) => Task.FromResult(JobOutcome.Complete);

    public ConcurrentQueue<Told> Told { get; } = new();

    /// <summary>Who was told that all members of his batch completed.</summary>
    public ConcurrentQueue<string> Succeeded { get; } = new();

    public void Clear()
    {
        Deed = static (_, _) => Task.FromResult(JobOutcome.Complete);
        _told.Clear();
        Told.Clear();
        Succeeded.Clear();
    }

    /// <summary>Completes when a callback of a batch has run.</summary>
    public Task Heard(string batch) => Signal(batch).Task.WaitAsync(TimeSpan.FromSeconds(15), TestContext.Current.CancellationToken);

    public async Task HearAsync(BatchComplete batch, BatchStatus status, long callback)
    {
        Told.Enqueue(new Told(batch, status, await ScalarAsync<DateTime>($"SELECT inserted_at FROM jobs.jobs WHERE id = {callback}")));
        Signal(batch.BatchId).TrySetResult();
    }

    /// <summary>The database's time.</summary>
    public async Task<DateTimeOffset> NowAsync() => await ScalarAsync<DateTime>("SELECT clock_timestamp()");

    public async Task<T> ScalarAsync<T>(string sql)
    {
        await using var connection = new NpgsqlConnection(database.ConnectionString);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        return (T)(await command.ExecuteScalarAsync())!;
    }

    TaskCompletionSource Signal(string batch) =>
        _told.GetOrAdd(batch, static _ => new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
}

[Worker(Name = "ending", Queue = "tests", MaxAttempts = 1)]
public sealed partial class Ending(EndJournal journal, JobClient client)
{
    [Perform]
    public JobOutcome Do(Step step, JobContext job) => job.Attempt <= step.Failures ? JobOutcome.RetryAfter(TimeSpan.Zero, "not yet") : JobOutcome.Complete;

    [Perform]
    public Task<JobOutcome> EndAsync(LastStep last, JobContext job, CancellationToken cancellationToken) => journal.Deed(job, cancellationToken);

    // A batch outlives its callbacks, so it is there.
    [Perform]
    public async Task HearAsync(BatchComplete batch, JobContext job) =>
        await journal.HearAsync(batch, await client.GetBatchAsync(batch.BatchId, CancellationToken.None), job.Id);
}

/// <summary>Hears of successes, and of nothing else.</summary>
[Worker(Name = "praised", Queue = "tests", MaxAttempts = 1)]
public sealed partial class Praised(EndJournal journal)
{
    [Perform]
    public void Hear(BatchSucceeded batch) => journal.Succeeded.Enqueue(batch.BatchId);
}

/// <summary>Has a second.</summary>
[Worker(Name = "ending in time", Queue = "tests", MaxAttempts = 1, TimeoutSeconds = 1)]
public sealed partial class EndingInTime(EndJournal journal)
{
    [Perform]
    public Task<JobOutcome> EndAsync(LastStep last, JobContext job, CancellationToken cancellationToken) => journal.Deed(job, cancellationToken);
}
