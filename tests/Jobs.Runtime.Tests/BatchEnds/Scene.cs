using Jobs.Generated;
using Jobs.Store;
using Npgsql;

namespace Jobs.Runtime.Tests.BatchEnds;

/// <summary>What a batch has to tell of.</summary>
/// <param name="Batch">The batch.</param>
/// <param name="Since">When its last event could be at the earliest, by the database's clock.</param>
/// <param name="Completed">How many of its members completed.</param>
/// <param name="Cancelled">How many were cancelled.</param>
/// <param name="Discarded">How many were discarded.</param>
sealed record End(string Batch, DateTimeOffset Since, int Completed = 0, int Cancelled = 0, int Discarded = 0)
{
    /// <summary>How long the leader may take to look, where the event is the leader's.</summary>
    public TimeSpan Looks { get; init; }

    /// <summary>The batch that was the last member of this one.</summary>
    public End? Inner { get; init; }

    public int Total => Completed + Cancelled + Discarded;
}

/// <summary>A batch of which two members have completed, and what can be done to the last, or to the last few.</summary>
sealed class Scene(EndNodes nodes, string batch)
{
    const int Many = 300;

    /// <summary>A worker that no node knows.</summary>
    static readonly WorkerDefinition Stranger = new()
    {
        Name = "stranger",
        Queue = "tests",
        MaxAttempts = 1,
        Priority = 0,
        Create = static _ => throw new NotSupportedException("No node knows this worker."),
    };

    readonly TaskCompletionSource _began = new(TaskCreationOptions.RunContinuationsAsynchronously);
    readonly TaskCompletionSource _isOver = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public string Batch => batch;

    public JobClient Client => nodes.Client;

    /// <summary>A last member that does not run before it is told to.</summary>
    public static NewJob Scheduled => Ending.New(new LastStep("last")) with { ScheduleIn = TimeSpan.FromDays(1) };

    /// <summary>A last member that is due in a queue that no node works.</summary>
    public static NewJob Available => Ending.New(new LastStep("last")) with { Queue = EndNodes.Elsewhere };

    public static NewJob OfAStranger => NewJob.Create(Stranger, new LastStep("last"), static (json, last) =>
    {
        json.WriteStartObject();
        json.WriteString("text", last.Text);
        json.WriteEndObject();
    });

    static IEnumerable<NewJob> Others => [Ending.New(new Step(0)), Ending.New(new Step(0))];

    /// <summary>Enqueues the batch with its last member, and returns that one's id when the others have ended.</summary>
    public async Task<long> EnqueueOneAsync(NewJob last)
    {
        await Client.EnqueueBatchAsync(batch, [.. Others, last], cancellationToken: TestContext.Current.CancellationToken);
        await OthersEndAsync();
        return await LastIdAsync(batch);
    }

    /// <summary>Enqueues the batch with many last members that wait in several ways, and returns how many there are when the others have ended.</summary>
    public async Task<int> EnqueueManyAsync()
    {
        NewJob[] last = [.. Enumerable.Range(0, Many).SelectMany(static _ => new[] { Available, Scheduled, OfAStranger })];
        await Client.EnqueueBatchAsync(batch, [.. Others, .. last], static options => options.OnComplete<Ending>(), TestContext.Current.CancellationToken);
        await OthersEndAsync();
        return last.Length;
    }

    /// <summary>Has the last member return this at its last attempt, or throw.</summary>
    public Task<End> ReturnAsync(Func<JobOutcome> outcome, JobState end) => PerformAsync((_, _) => Task.FromResult(outcome()), end);

    /// <summary>Has the last member do this at each of its attempts. The last of them begins no earlier than the event.</summary>
    public async Task<End> PerformAsync(Func<JobContext, CancellationToken, Task<JobOutcome>> deed, JobState end, int attempts = 1)
    {
        var began = default(DateTimeOffset);
        nodes.Journal.Deed = async (job, cancellationToken) =>
        {
            began = await nodes.Journal.NowAsync();
            return await deed(job, cancellationToken);
        };
        await RunAsync(await EnqueueOneAsync(Scheduled with { MaxAttempts = attempts }));
        await nodes.Journal.Heard(batch);
        return EndsAs(end, began);
    }

    /// <summary>Has a member that waits run now.</summary>
    public async Task RunAsync(long id) =>
        Assert.Equal(JobChangeOutcome.Done, (await Client.RetryAsync(id, TestContext.Current.CancellationToken)).Outcome);

    /// <summary>Has the last member run with other args, as they may stand in the table.</summary>
    public async Task<End> RunWithArgsAsync(string args)
    {
        var id = await EnqueueOneAsync(Scheduled);
        await nodes.Host.ExecuteAsync($"UPDATE jobs.jobs SET args = {args} WHERE id = {id}");
        return await EndByAsync(() => RunAsync(id), JobState.Discarded);
    }

    /// <summary>Has the last member run for longer than it may.</summary>
    public async Task<End> TimeOutAsync(bool isDeaf)
    {
        var began = default(DateTimeOffset);
        nodes.Journal.Deed = async (job, cancellationToken) =>
        {
            began = await nodes.Journal.ScalarAsync<DateTime>($"SELECT attempted_at FROM jobs.jobs WHERE id = {job.Id}");
            await _isOver.Task.WaitAsync(isDeaf ? CancellationToken.None : cancellationToken);
            return JobOutcome.Complete;
        };
        await RunAsync(await EnqueueOneAsync(EndingInTime.New(new LastStep("last")) with { ScheduleIn = TimeSpan.FromDays(1) }));
        await nodes.Journal.Heard(batch);
        return EndsAs(JobState.Discarded, began + TimeSpan.FromSeconds(1) + (isDeaf ? EndNodes.TimeoutGrace : TimeSpan.Zero));
    }

    /// <summary>Has the last member run until its token fires, and then return this, or throw. Returns its id when it runs.</summary>
    public async Task<long> RunUntilCancelledAsync(Func<CancellationToken, JobOutcome> then)
    {
        nodes.Journal.Deed = async (_, cancellationToken) =>
        {
            _began.TrySetResult();
            await Task.Delay(Timeout.Infinite, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            return then(cancellationToken);
        };
        var id = await EnqueueOneAsync(Scheduled);
        await RunAsync(id);
        await _began.Task.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);
        return id;
    }

    /// <summary>Has the last member run and wait after that, and returns its id when it does.</summary>
    public async Task<long> WaitAfterAsync(JobOutcome outcome, JobState state)
    {
        nodes.Journal.Deed = (_, _) => Task.FromResult(outcome);
        var id = await EnqueueOneAsync(Scheduled with { MaxAttempts = 5 });
        await RunAsync(id);
        await nodes.Host.UntilAsync<bool>($"SELECT run = 1 AND state::text = '{Jobs.Postgres.JobStates.ToSql(state)}' FROM jobs.jobs WHERE id = {id}", static waits => waits);
        return id;
    }

    /// <summary>Does what ends the last members.</summary>
    public async Task<End> EndByAsync(Func<Task> act, JobState end, int count = 1)
    {
        var since = await nodes.Journal.NowAsync();
        await act();
        return EndsAs(end, since, count);
    }

    /// <summary>Has the last member be discarded while another one waits, retries it, ends the other, and lets it complete.</summary>
    public async Task<End> RetryDiscardedAsync()
    {
        nodes.Journal.Deed = async (job, _) =>
        {
            if (job.Attempt == 1)
                return JobOutcome.Discard("no use");
            _began.TrySetResult();
            await _isOver.Task;
            return JobOutcome.Complete;
        };
        await Client.EnqueueBatchAsync(batch, [.. Others, Available, Scheduled], cancellationToken: TestContext.Current.CancellationToken);
        await OthersEndAsync();
        var last = await LastIdAsync(batch);
        await RunAsync(last);
        await nodes.Host.UntilAsync<int>($"SELECT discarded FROM jobs.batches WHERE id = '{batch}'", static discarded => discarded == 1);
        await RunAsync(last);
        await _began.Task.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);
        Assert.Equal(1, await Client.DeleteAsync(new JobFilter { Queues = [EndNodes.Elsewhere] }, cancellationToken: TestContext.Current.CancellationToken));
        var end = await EndByAsync(LeaveAsync, JobState.Cancelled);
        return end with { Completed = end.Completed + 1 };
    }

    /// <summary>Has a node claim the last member, which no other does.</summary>
    public async Task<ClaimedJob> ClaimAsync()
    {
        var node = Guid.NewGuid();
        await nodes.Store.RegisterNodeAsync(
            new NodeRow(node, "doomed", [new(EndNodes.Elsewhere, 1)], ["ending"]), TimeSpan.FromMinutes(1), TestContext.Current.CancellationToken);
        var claim = await nodes.Store.ClaimAsync(EndNodes.Elsewhere, ["ending"], 1, node, TestContext.Current.CancellationToken);
        var job = claim.Jobs.SingleOrDefault() ?? await nodes.Store.ClaimSuspectAsync([EndNodes.Elsewhere], ["ending"], node, TestContext.Current.CancellationToken);
        Assert.NotNull(job);
        return job;
    }

    /// <summary>Has the node of the last member die, which ends that.</summary>
    public async Task<End> DieAsync(ClaimedJob job, JobState end) =>
        await EndByAsync(() => nodes.Store.RemoveNodeAsync(job.Node, TestContext.Current.CancellationToken), end) with { Looks = EndNodes.Rescues };

    /// <summary>Has a node die with a member that is to be had, and returns its id when the leader has freed it.</summary>
    public async Task<long> CrashAsync()
    {
        var job = await ClaimAsync();
        await nodes.Store.RemoveNodeAsync(job.Node, TestContext.Current.CancellationToken);
        await nodes.Host.UntilAsync<bool>($"SELECT state = 'available' AND crashes = 1 FROM jobs.jobs WHERE id = {job.Id}", static isFree => isFree);
        return job.Id;
    }

    /// <summary>Opens the batch, and adds members. Returns, when the others have ended, the time at which it will be over.</summary>
    public async Task<DateTimeOffset> OpenAsync(TimeSpan openFor, bool isCancelledOnExpiry, params IReadOnlyCollection<NewJob> last)
    {
        await Client.OpenBatchAsync(batch, options => (options.OpenFor, options.CancelOnExpiry) = (openFor, isCancelledOnExpiry), TestContext.Current.CancellationToken);
        await Client.AddAsync(batch, [.. Others, .. last], cancellationToken: TestContext.Current.CancellationToken);
        var ends = await nodes.Journal.ScalarAsync<DateTime>($"SELECT expires_at FROM jobs.batches WHERE id = '{batch}'");
        await OthersEndAsync();
        return ends;
    }

    public async Task SealInTransactionAsync()
    {
        await using var connection = new NpgsqlConnection(nodes.Host.ConnectionString);
        await connection.OpenAsync(TestContext.Current.CancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(TestContext.Current.CancellationToken);
        await Client.SealAsync(batch, options => options.Transaction = transaction, TestContext.Current.CancellationToken);
        await transaction.CommitAsync(TestContext.Current.CancellationToken);
    }

    /// <summary>Enqueues the batch, of which no member is stored.</summary>
    public async Task<End> EnqueueNothingAsync(IEnumerable<NewJob> members)
    {
        var since = await nodes.Journal.NowAsync();
        var stored = await Client.EnqueueBatchAsync(batch, members, static options => options.OnComplete<Ending>(), TestContext.Current.CancellationToken);
        Assert.Equal(0, stored.Total);
        return new End(batch, since);
    }

    /// <summary>Has the last member of the batch be a batch, of one member, whose id it returns when the others have ended.</summary>
    public async Task<(string Batch, long LastMember)> EnqueueInnerAsync(NewJob last)
    {
        var inner = $"{batch}, inside";
        await OpenAsync(TimeSpan.FromHours(1), isCancelledOnExpiry: false);
        await Client.EnqueueBatchAsync(inner, [last], options => options.Parent = batch, TestContext.Current.CancellationToken);
        await Client.SealAsync(batch, cancellationToken: TestContext.Current.CancellationToken);
        return (inner, await LastIdAsync(inner));
    }

    /// <summary>Deletes the last members behind the batch's back, a while ago, so that the next check of its counters finds it.</summary>
    public async Task<End> DeleteWithSqlAsync()
    {
        await Client.EnqueueBatchAsync(batch, [.. Others, Available, Scheduled], cancellationToken: TestContext.Current.CancellationToken);
        await OthersEndAsync();
        var end = await EndByAsync(
            () => nodes.Host.ExecuteAsync($"""
                DELETE FROM jobs.jobs WHERE NOT jobs.is_final(state);
                UPDATE jobs.batches SET changed_at = changed_at - interval '2 minutes' WHERE id = '{batch}'
                """),
            JobState.Cancelled, 2);
        return end with { Looks = EndNodes.Checks };
    }

    /// <summary>The end of a batch two members of which have completed, and so many have ended so.</summary>
    public End EndsAs(JobState end, DateTimeOffset since, int count = 1) => end switch
    {
        JobState.Completed => new End(batch, since, Completed: 2 + count),
        JobState.Cancelled => new End(batch, since, Completed: 2, Cancelled: count),
        _ => new End(batch, since, Completed: 2, Discarded: count),
    };

    /// <summary>Lets what is still running end, and takes away what is still there besides the batch.</summary>
    public Task LeaveAsync()
    {
        _isOver.TrySetResult();
        return Client.DeleteAsync(new JobFilter { Queues = [EndNodes.Elsewhere] }, cancellationToken: TestContext.Current.CancellationToken);
    }

    Task OthersEndAsync() => nodes.Host.UntilAsync<int>($"SELECT completed FROM jobs.batches WHERE id = '{batch}'", static completed => completed == 2);

    Task<long> LastIdAsync(string of) => nodes.Host.ScalarAsync<long>($"SELECT max(id) FROM jobs.jobs WHERE batch = (SELECT key FROM jobs.batches WHERE id = '{of}')");
}
