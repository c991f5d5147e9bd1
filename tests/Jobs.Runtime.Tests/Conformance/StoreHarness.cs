using Jobs.Generated;
using Jobs.Store;

namespace Jobs.Runtime.Tests.Conformance;

/// <summary>A store to be tested, and the back doors that its tests need.</summary>
abstract class StoreHarness : IAsyncDisposable
{
    public static readonly IReadOnlyList<string> Known = ["Mailer"];

    public static WorkerDefinition Mailer { get; } = Worker("Mailer");

    public abstract JobStore Store { get; }

    public abstract Task<StoredJob?> FindJobAsync(long id);

    public abstract Task<IReadOnlyList<StoredJob>> CallbacksAsync(string batchId);

    public abstract Task<long> CountJobsAsync();

    public abstract Task DeleteJobAsync(long id);

    /// <summary>Notes that a job that executes is to be cancelled.</summary>
    public abstract Task RequestCancelAsync(long id);

    /// <summary>Moves the store's clock, which decides what is due and who is dead.</summary>
    public abstract Task MoveClockAsync(TimeSpan ahead);

    public abstract Task SetAttemptsAsync(long id, int attempt, int maxAttempts);

    /// <summary>Has a job hold a unique key of its own, for as long as it is retained; or say that it does, where another is the holder.</summary>
    public abstract Task HoldKeyAsync(long id, long holder);

    public abstract Task<long> CountKeysAsync();

    /// <summary>How many are to be told of batches, besides those who are told of the end.</summary>
    public abstract Task<long> CountListenersAsync();

    public abstract ValueTask DisposeAsync();

    public static WorkerDefinition Worker(string name, int maxAttempts = 3) => new()
    {
        Name = name,
        Queue = "mail",
        MaxAttempts = maxAttempts,
        Priority = 0,
        Create = _ => throw new NotSupportedException("The store runs no worker."),
        Callbacks = BatchCallbacks.Complete,
    };

    public static NewJob NewJob(string text = "hello", WorkerDefinition? worker = null) =>
        Jobs.NewJob.Create(worker ?? Mailer, text, static (json, value) =>
        {
            json.WriteStartObject();
            json.WriteString("text", value);
            json.WriteEndObject();
        });

    /// <summary>A job that is one with others of the same text.</summary>
    public static NewJob UniqueJob(string text, Uniqueness terms) =>
        Jobs.NewJob.Create(
            Mailer,
            text,
            static (json, value) =>
            {
                json.WriteStartObject();
                json.WriteString("text", value);
                json.WriteEndObject();
            },
            static (key, value) => key.Write(value)) with
        { Unique = terms };

    public async Task<long> EnqueueAsync(NewJob? job = null) =>
        (await Store.EnqueueAsync(job ?? NewJob(), EnqueueTerms.Alone, TestContext.Current.CancellationToken)).Id;

    public Task<BatchRef> EnqueueBatchAsync(string id, int size, WorkerDefinition? callback = null) =>
        EnqueueBatchAsync(id, Enumerable.Range(0, size).Select(i => NewJob($"{id} {i}")), callback);

    public Task<BatchRef> EnqueueBatchAsync(string id, IEnumerable<NewJob> jobs, WorkerDefinition? callback = null) =>
        Store.EnqueueBatchAsync(new NewBatch(id), jobs.ToAsyncEnumerable(), () => callback is null ? [] : [Listener(BatchCallbacks.Complete, callback)], EnqueueTerms.Alone, TestContext.Current.CancellationToken);

    public static BatchListener Listener(BatchCallbacks kind, WorkerDefinition worker) =>
        new(kind, worker.Name, worker.Queue, worker.Priority, worker.MaxAttempts, IsNamed: true);

    public async Task<Guid> RegisterNodeAsync(TimeSpan? lease = null, params IReadOnlyList<string> workers)
    {
        var node = Guid.NewGuid();
        await Store.RegisterNodeAsync(
            new NodeRow(node, $"node {node}", [new("mail", 10)], workers.Count == 0 ? Known : workers), lease ?? TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);
        return node;
    }

    public async Task<IReadOnlyList<ClaimedJob>> ClaimAsync(Guid node, int limit = 10, IReadOnlyList<string>? workers = null) =>
        (await Store.ClaimAsync("mail", workers ?? Known, limit, node, TestContext.Current.CancellationToken)).Jobs;

    public Task<ClaimedJob?> ClaimSuspectAsync(Guid node) =>
        Store.ClaimSuspectAsync(["mail"], Known, node, TestContext.Current.CancellationToken);

    public async Task<ClaimedJob> ClaimOneAsync(Guid node) => Assert.Single(await ClaimAsync(node, 1));

    /// <summary>Has the node of a claimed job die.</summary>
    public Task DieWithAsync(ClaimedJob job) => Store.RemoveNodeAsync(job.Node, TestContext.Current.CancellationToken);

    /// <summary>Has a node claim the one job there is, and die.</summary>
    public async Task DieWithOneAsync()
    {
        var node = await RegisterNodeAsync();
        Assert.NotNull((await ClaimAsync(node, 1)).SingleOrDefault() ?? await ClaimSuspectAsync(node));
        await Store.RemoveNodeAsync(node, TestContext.Current.CancellationToken);
    }

    public async Task<bool> AcknowledgeAsync(ClaimedJob job, JobState state, TimeSpan delay = default, string? error = null)
    {
        var result = await Store.AcknowledgeAsync([Outcome(job, state, delay, error)], TestContext.Current.CancellationToken);
        return result.Acknowledged.Contains(job.Id);
    }

    /// <summary>Enqueues a job and brings it to a state.</summary>
    public async Task<long> EnqueueInStateAsync(JobState state)
    {
        if (state == JobState.Scheduled)
            return await EnqueueAsync(NewJob() with { ScheduleIn = TimeSpan.FromHours(1) });
        var id = await EnqueueAsync();
        if (state != JobState.Available)
            Assert.Equal(id, await BringOneToAsync(state));
        return id;
    }

    /// <summary>Brings the job that would be claimed next to a state, and returns its id.</summary>
    public async Task<long> BringOneToAsync(JobState state)
    {
        var job = await ClaimOneAsync(await RegisterNodeAsync());
        if (state != JobState.Executing)
            Assert.True(await AcknowledgeAsync(job, state, state is JobState.Retryable or JobState.Scheduled ? TimeSpan.FromHours(1) : default));
        return job.Id;
    }

    public async Task<SelectedJob?> ChangeAsync(Func<JobSelection, CancellationToken, Task<ChangeResult>> change, long id) =>
        (await change(JobSelection.One(id), TestContext.Current.CancellationToken)).Jobs is [var job] ? job : null;

    public Task<SelectedJob?> EditAsync(long id, JobEdit edit) => ChangeAsync((jobs, token) => Store.EditAsync(jobs, edit, token), id);

    public static Acknowledgement Outcome(ClaimedJob job, JobState state, TimeSpan delay = default, string? error = null) =>
        Acknowledgement.Of(job, state) with { Delay = delay, Error = error };

    public async Task<BatchStatus> StatusAsync(string batch)
    {
        var status = await Store.FindBatchAsync(batch, TestContext.Current.CancellationToken);
        Assert.NotNull(status);
        return status;
    }
}

/// <summary>A job as it stands in the store.</summary>
sealed record StoredJob(
    long Id, JobState State, long Run, int Attempt, int Crashes, string Worker, string Queue, string Args, IReadOnlyList<string> Errors, TimeSpan DueIn)
{
    public required string? Output { get; init; }

    public required string? Progress { get; init; }

    public required bool IsCancelRequested { get; init; }
}
