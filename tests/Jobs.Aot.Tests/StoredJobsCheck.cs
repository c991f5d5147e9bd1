using Jobs;
using Npgsql;

namespace Jobs.Aot.Tests;

/// <summary>Finds, waits for and changes jobs that are stored, and says what queues do.</summary>
sealed class StoredJobsCheck(JobClient client, Journal journal, string connectionString, Action<string, bool> check)
{
    static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    public async Task RunAsync()
    {
        await FindAsync();
        await ChangeAsync();
        await CancelRunningAsync();
        await SnoozeAsync();
        await WithinTransactionsAsync();
        await PauseAsync();
    }

    async Task FindAsync()
    {
        var later = TimeSpan.FromDays(1);
        var jobs = await client.EnqueueManyAsync(Enumerable.Range(0, 10).Select(i => PatientWorker.New(new Patient($"found {i}", 0)) with { ScheduleIn = later, Tags = ["found"] }));

        var one = await client.FindAsync(jobs[3].Id);
        check("A job is found by its id, with all that is stored of it", one is { State: JobState.Scheduled, Queue: "native", Tags: ["found"] } && one.Args.Span.IndexOf("found 3"u8) > 0);
        check("Jobs are found by a member of their args", await client.ListAsync(PatientWorker.Where(name: "found 7")) is { Jobs: [var seventh] } && seventh.Id == jobs[7].Id);
        check("A filter reads page after page", await client.ReadAllAsync(new JobFilter { AllTags = ["found"] }).CountAsync() == 10);
        check("Jobs are counted", await client.CountAsync(JobFilter.Of<PatientWorker>() with { States = [JobState.Scheduled] }) is { Value: 10, IsAtLeast: false });
        check("Queues are counted", (await client.CountQueuesAsync()).Single(queue => queue.Queue == "native").Scheduled.Value >= 10);
    }

    async Task ChangeAsync()
    {
        var job = await client.EnqueueAsync(PatientWorker.New(new Patient("changed", 0)) with { ScheduleIn = TimeSpan.FromDays(1) });
        var other = PatientWorker.New(new Patient("edited", 0));
        check("A job that waits is edited", (await client.EditAsync(job.Id, new JobEdit { Args = other, Priority = 7 })).IsDone && await client.FindAsync(job.Id) is { Priority: 7 });
        check("A job that waits is cancelled", await client.CancelAsync(job.Id) is { IsDone: true, State: JobState.Cancelled });
        check("A job that was cancelled is retried", (await client.RetryAsync(job.Id)).IsDone);
        var ended = await client.WaitAsync(job.Id, Patience);
        check("Waiting for a job returns it at its end", ended is { State: JobState.Completed } && ended.Args.Span.IndexOf("edited"u8) > 0);
        check("Jobs are deleted by a filter", await client.DeleteAsync(new JobFilter { AllTags = ["found"] }) == 10);
        check("A job that is gone is not found", await client.DeleteAsync(job.Id) is { IsDone: true } && await client.CancelAsync(job.Id) is { Outcome: JobChangeOutcome.NotFound });
    }

    async Task CancelRunningAsync()
    {
        var id = await StartAsync("cancelled while it runs");

        var change = await client.CancelAsync(id);

        check("The token of a running job fires", change is { IsDone: true, State: JobState.Executing } && (await client.WaitAsync(id, Patience)).State == JobState.Cancelled);
    }

    async Task SnoozeAsync()
    {
        var job = await client.EnqueueAsync(PatientWorker.New(new Patient("snoozes", -1)));

        check("A job that snoozes keeps its attempts", await client.WaitAsync(job.Id, Patience) is { State: JobState.Completed, Attempt: 1 });
    }

    async Task WithinTransactionsAsync()
    {
        await using var connection = new NpgsqlConnection(connectionString);
        await connection.OpenAsync();
        EnqueuedJob rolledBack, committed;
        await using (var transaction = await connection.BeginTransactionAsync())
        {
            rolledBack = await client.EnqueueAsync(PatientWorker.New(new Patient("rolled back", 0)), transaction);
            await transaction.RollbackAsync();
        }

        await using (var transaction = await connection.BeginTransactionAsync())
        {
            committed = await client.EnqueueAsync(PatientWorker.New(new Patient("completes itself", 0)), transaction);
            await transaction.CommitAsync();
        }

        check("A job commits and rolls back with its caller's transaction", await client.FindAsync(rolledBack.Id) is null && (await client.WaitAsync(committed.Id, Patience)).State == JobState.Completed);
    }

    async Task PauseAsync()
    {
        // A node looks for cancels and for what is said of its queues at once: whoever's token has fired, the node has looked.
        var (first, second) = (await StartAsync("runs while it is paused"), await StartAsync("runs on"));
        await client.Queues.PauseAsync("native");
        await EndAsync(first);
        var job = await client.EnqueueAsync(PatientWorker.New(new Patient("waits for its queue", 0)));
        await EndAsync(second);
        var paused = await client.FindAsync(job.Id);
        await client.Queues.ScaleAsync("native", 5);
        await client.Queues.ResumeAsync("native");

        check("A paused queue starts nothing until it is resumed", paused is { State: JobState.Available } && (await client.WaitAsync(job.Id, Patience)).State == JobState.Completed);
    }

    async Task<long> StartAsync(string name)
    {
        var job = await client.EnqueueAsync(PatientWorker.New(new Patient(name, 60)));
        await journal.Seen(name);
        return job.Id;
    }

    async Task EndAsync(long id)
    {
        await client.CancelAsync(id);
        await client.WaitAsync(id, Patience);
    }
}
