using Jobs.Store;

namespace Jobs.Runtime.Tests.Conformance;

/// <summary>What every store must do when a job is retried whose unique key may have gone to another job.</summary>
public abstract class UniqueRetryStoreTests
{
    private protected abstract Task<StoreHarness> StartAsync();

    [Fact]
    public async Task A_job_whose_key_another_holds_is_not_retried_until_that_one_holds_it_no_more()
    {
        await using var harness = await StartAsync();
        var first = await EndAsync(harness, JobState.Discarded);
        var second = await EndAsync(harness, JobState.Executing);

        Assert.Equal(Taken(first, JobState.Discarded), await harness.ChangeAsync(harness.Store.RetryAsync, first));
        Assert.Equal(JobState.Discarded, (await harness.FindJobAsync(first))!.State);
        await harness.AcknowledgeAsync(Assert.Single(_claimed), JobState.Discarded);
        Assert.Equal(new SelectedJob(first, JobState.Available, IsChanged: true), await harness.ChangeAsync(harness.Store.RetryAsync, first));

        Assert.Equal(Taken(second, JobState.Discarded), await harness.ChangeAsync(harness.Store.RetryAsync, second));
        Assert.Equal(new EnqueuedJob(first, IsNew: false), await EnqueueAsync(harness));
    }

    [Fact]
    public async Task A_job_that_has_its_key_still_is_retried_and_keeps_it()
    {
        await using var harness = await StartAsync();
        var id = await EndAsync(harness, JobState.Discarded);

        Assert.Equal(new SelectedJob(id, JobState.Available, IsChanged: true), await harness.ChangeAsync(harness.Store.RetryAsync, id));

        Assert.Equal(new EnqueuedJob(id, IsNew: false), await EnqueueAsync(harness));
    }

    [Fact]
    public async Task A_job_whose_key_nobody_has_any_more_is_retried()
    {
        await using var harness = await StartAsync();
        var first = await EndAsync(harness, JobState.Discarded);
        var second = await EndAsync(harness, JobState.Discarded);
        await harness.ChangeAsync(harness.Store.DeleteAsync, second);

        Assert.Equal(new SelectedJob(first, JobState.Available, IsChanged: true), await harness.ChangeAsync(harness.Store.RetryAsync, first));
    }

    [Fact]
    public async Task Of_many_that_are_retried_at_once_one_has_the_key_and_it_is_the_one_that_had_it_last()
    {
        await using var harness = await StartAsync();
        var ended = new List<long>();
        for (var i = 0; i < 3; i++)
            ended.Add(await EndAsync(harness, JobState.Discarded));
        var other = await harness.EnqueueInStateAsync(JobState.Discarded);

        var result = await harness.Store.RetryAsync(
            new JobSelection(new JobFilter { States = [JobState.Discarded] }, long.MinValue, 10), TestContext.Current.CancellationToken);

        Assert.Equal(
            [Taken(ended[0], JobState.Discarded), Taken(ended[1], JobState.Discarded), new(ended[2], JobState.Available, IsChanged: true), new(other, JobState.Available, IsChanged: true)],
            result.Jobs);
    }

    [Fact]
    public async Task A_member_whose_key_another_holds_does_not_open_its_batch()
    {
        await using var harness = await StartAsync();
        var anywhere = UniqueStoreTests.Worker(new Uniqueness { PerBatch = false });
        await harness.Store.EnqueueBatchAsync(
            "b", new[] { UniqueStoreTests.Job("a", anywhere), StoreHarness.NewJob() with { Queue = "other" } }.ToAsyncEnumerable(), () => null, EnqueueTerms.Alone, TestContext.Current.CancellationToken);
        var member = await harness.BringOneToAsync(JobState.Discarded);
        await harness.Store.EnqueueAsync(UniqueStoreTests.Job("a", anywhere), EnqueueTerms.Alone, TestContext.Current.CancellationToken);

        Assert.Equal(Taken(member, JobState.Discarded), await harness.ChangeAsync(harness.Store.RetryAsync, member));

        var status = await harness.StatusAsync("b");
        Assert.Equal((1, 1), (status.Pending, status.Discarded));
    }

    // A job that waits for its time runs anyway, whoever has the key since its period is over.
    [Fact]
    public async Task A_job_that_waits_is_brought_forward_whoever_has_its_key()
    {
        await using var harness = await StartAsync();
        var job = UniqueStoreTests.Job("a", UniqueStoreTests.Worker(new Uniqueness { Period = TimeSpan.FromMinutes(1) }));
        var first = await harness.EnqueueAsync(job with { ScheduleIn = TimeSpan.FromHours(1) });
        await harness.MoveClockAsync(TimeSpan.FromMinutes(2));
        Assert.NotEqual(first, await harness.EnqueueAsync(job));

        Assert.Equal(new SelectedJob(first, JobState.Available, IsChanged: true), await harness.ChangeAsync(harness.Store.RetryAsync, first));
    }

    readonly List<ClaimedJob> _claimed = [];

    static SelectedJob Taken(long id, JobState state) => new(id, state, IsChanged: false, IsKeyTaken: true);

    static Task<EnqueuedJob> EnqueueAsync(StoreHarness harness) =>
        harness.Store.EnqueueAsync(UniqueStoreTests.Job("a"), EnqueueTerms.Alone, TestContext.Current.CancellationToken);

    /// <summary>Enqueues the job, and brings it to a state.</summary>
    async Task<long> EndAsync(StoreHarness harness, JobState state)
    {
        var enqueued = await EnqueueAsync(harness);
        Assert.True(enqueued.IsNew);
        var claimed = await harness.ClaimOneAsync(await harness.RegisterNodeAsync());
        if (state is JobState.Executing)
            _claimed.Add(claimed);
        else
            await harness.AcknowledgeAsync(claimed, state);
        return enqueued.Id;
    }
}
