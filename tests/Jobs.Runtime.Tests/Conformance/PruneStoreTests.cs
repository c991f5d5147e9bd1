using Jobs.Store;

namespace Jobs.Runtime.Tests.Conformance;

/// <summary>What every store must do when it prunes: which jobs and batches go, which stay, and in which order.</summary>
public abstract class PruneStoreTests
{
    static readonly TimeSpan Day = TimeSpan.FromDays(1);

    private protected abstract Task<StoreHarness> StartAsync();

    [Theory]
    [InlineData(JobState.Completed)]
    [InlineData(JobState.Cancelled)]
    [InlineData(JobState.Discarded)]
    public async Task Jobs_of_the_state_that_are_old_enough_are_pruned_and_no_others(JobState state)
    {
        await using var harness = await StartAsync();
        var ended = await EndAllAsync(harness, JobState.Completed, JobState.Cancelled, JobState.Discarded);
        var waiting = await harness.EnqueueAsync();
        await harness.MoveClockAsync(Day);
        var young = (await EndAllAsync(harness, state))[0];

        var result = await PruneAsync(harness, Rule(state, Day - TimeSpan.FromMinutes(1)));

        Assert.Equal((1, 1), (result.Seen, result.Pruned));
        Assert.Equal(
            [ended[state - JobState.Completed]],
            await GoneAsync(harness, [.. ended, waiting, young]));
    }

    [Fact]
    public async Task An_age_of_zero_prunes_what_has_just_ended()
    {
        await using var harness = await StartAsync();
        var ended = await EndAllAsync(harness, JobState.Completed, JobState.Completed);

        await PruneAsync(harness, Rule(JobState.Completed, TimeSpan.Zero));

        Assert.Equal(ended, await GoneAsync(harness, ended));
    }

    [Fact]
    public async Task Jobs_that_wait_run_or_are_retried_are_never_pruned()
    {
        await using var harness = await StartAsync();
        var node = await harness.RegisterNodeAsync();
        var (retryable, snoozed, executing) = (await harness.EnqueueAsync(), await harness.EnqueueAsync(), await harness.EnqueueAsync());
        var claimed = await harness.ClaimAsync(node);
        await harness.AcknowledgeAsync(claimed[0], JobState.Retryable, Day);
        await harness.AcknowledgeAsync(claimed[1], JobState.Scheduled, Day);
        var available = await harness.EnqueueAsync();

        await harness.MoveClockAsync(Day * 1000);
        foreach (var state in (JobState[])[JobState.Completed, JobState.Cancelled, JobState.Discarded])
            Assert.Equal(0, (await PruneAsync(harness, Rule(state, TimeSpan.Zero))).Seen);

        Assert.Empty(await GoneAsync(harness, [retryable, snoozed, executing, available]));
    }

    [Fact]
    public async Task The_oldest_go_first_and_each_step_goes_on_behind_the_last()
    {
        await using var harness = await StartAsync();
        var ended = new List<long>();
        for (var i = 0; i < 5; i++)
            ended.AddRange(await EndAllAsync(harness, JobState.Completed));

        var first = await PruneAsync(harness, Rule(JobState.Completed, TimeSpan.Zero), limit: 2);
        var goneFirst = await GoneAsync(harness, ended);
        var second = await PruneAsync(harness, Rule(JobState.Completed, TimeSpan.Zero), first.Last, limit: 2);
        var third = await PruneAsync(harness, Rule(JobState.Completed, TimeSpan.Zero), second.Last, limit: 2);

        Assert.Equal(ended[..2], goneFirst);
        Assert.Equal([2, 2, 1], new[] { first, second, third }.Select(step => step.Pruned));
        Assert.Equal(ended, await GoneAsync(harness, ended));
    }

    [Fact]
    public async Task A_step_passes_what_is_kept_so_that_jobs_of_other_ages_do_not_stand_in_the_way()
    {
        await using var harness = await StartAsync();
        var kept = await EndAllAsync(harness, Enumerable.Repeat(JobState.Completed, 5).ToArray());
        var rule = Rule(JobState.Completed, TimeSpan.Zero) with { AndTheRest = false, Queues = ["other"] };

        var first = await PruneAsync(harness, rule, limit: 3);
        var second = await PruneAsync(harness, rule, first.Last, limit: 3);

        Assert.Equal([(3, 0), (2, 0)], new[] { first, second }.Select(step => (step.Seen, step.Pruned)));
        Assert.Empty(await GoneAsync(harness, kept));
    }

    [Fact]
    public async Task The_age_of_a_worker_goes_before_that_of_a_queue_and_both_before_that_of_the_host()
    {
        await using var harness = await StartAsync();
        var node = await harness.RegisterNodeAsync();
        var jobs = new Dictionary<string, long>();
        foreach (var worker in (string[])["short", "long", "none"])
        {
            foreach (var queue in (string[])["brief", "lasting", "plain"])
                jobs.Add($"{worker} {queue}", await harness.EnqueueAsync(StoreHarness.NewJob(worker: StoreHarness.Worker(worker)) with { Queue = queue }));
        }

        foreach (var queue in (string[])["brief", "lasting", "plain"])
        {
            foreach (var job in (await harness.Store.ClaimAsync(queue, ["short", "long", "none"], 10, node, TestContext.Current.CancellationToken)).Jobs)
                await harness.AcknowledgeAsync(job, JobState.Completed);
        }

        var rule = new PruneRule(JobState.Completed, TimeSpan.Zero, ["short"], ["long"], ["brief"], ["lasting"], AndTheRest: true);
        var result = await PruneAsync(harness, rule with { AndTheRest = false });
        var overridden = await GoneAsync(harness, jobs.Values);
        await PruneAsync(harness, rule);

        Assert.Equal((9, 4), (result.Seen, result.Pruned));
        Assert.Equal(["short brief", "short lasting", "short plain", "none brief"], overridden.Select(id => jobs.Single(job => job.Value == id).Key));
        Assert.Equal(["none plain"], (await GoneAsync(harness, jobs.Values)).Except(overridden).Select(id => jobs.Single(job => job.Value == id).Key));
    }

    [Fact]
    public async Task A_member_is_kept_until_its_batch_has_ended_and_the_batch_tells_though_its_jobs_are_gone()
    {
        await using var harness = await StartAsync();
        var node = await harness.RegisterNodeAsync();
        await harness.EnqueueBatchAsync("batch", 3, StoreHarness.Mailer);
        var members = await harness.ClaimAsync(node);
        await harness.AcknowledgeAsync(members[0], JobState.Completed);
        await harness.AcknowledgeAsync(members[1], JobState.Completed);

        var early = await PruneAsync(harness, Rule(JobState.Completed, TimeSpan.Zero));
        await harness.AcknowledgeAsync(members[2], JobState.Completed);
        var late = await PruneAsync(harness, Rule(JobState.Completed, TimeSpan.Zero));

        Assert.Equal((2, 0), (early.Seen, early.Pruned));
        Assert.Equal((3, 3), (late.Seen, late.Pruned));
        Assert.Single(await harness.CallbacksAsync("batch"));
        Assert.Equal((3, 3, 0), await harness.StatusAsync("batch") is var status ? (status.Total, status.Completed, status.Pending) : default);
    }

    [Fact]
    public async Task A_batch_is_pruned_when_it_is_old_enough_and_its_callback_has_ended()
    {
        await using var harness = await StartAsync();
        var node = await harness.RegisterNodeAsync();
        await harness.EnqueueBatchAsync("open", 1);
        var member = await harness.ClaimOneAsync(node);
        await harness.EnqueueBatchAsync("told", 0, StoreHarness.Mailer);
        var callback = await harness.ClaimOneAsync(node);
        await harness.EnqueueBatchAsync("untold", 0);
        await harness.MoveClockAsync(Day);
        await harness.EnqueueBatchAsync("young", 0);

        var early = await PruneBatchesAsync(harness, Day - TimeSpan.FromMinutes(1));
        await harness.AcknowledgeAsync(callback, JobState.Completed);
        var late = await PruneBatchesAsync(harness, Day - TimeSpan.FromMinutes(1));

        Assert.Equal((2, 1), (early.Seen, early.Pruned));
        Assert.Equal((1, 1), (late.Seen, late.Pruned));
        Assert.Null(await harness.Store.FindBatchAsync("untold", TestContext.Current.CancellationToken));
        Assert.Null(await harness.Store.FindBatchAsync("told", TestContext.Current.CancellationToken));
        Assert.False((await harness.StatusAsync("open")).IsClosed);
        Assert.True((await harness.StatusAsync("young")).IsClosed);
        Assert.True(await harness.AcknowledgeAsync(member, JobState.Completed));
    }

    static PruneRule Rule(JobState state, TimeSpan age) => new(state, age, [], [], [], [], AndTheRest: true);

    private protected static Task<PruneResult> PruneAsync(StoreHarness harness, PruneRule rule, WalkMark? after = null, int limit = 100) =>
        harness.Store.PruneAsync(rule, after ?? WalkMark.Start, limit, TestContext.Current.CancellationToken);

    static Task<PruneResult> PruneBatchesAsync(StoreHarness harness, TimeSpan age) =>
        harness.Store.PruneBatchesAsync(age, WalkMark.Start, 100, TestContext.Current.CancellationToken);

    /// <summary>Enqueues a job for each of the states, and has it end so, one after the other.</summary>
    private protected static async Task<IReadOnlyList<long>> EndAllAsync(StoreHarness harness, params JobState[] states)
    {
        var node = await harness.RegisterNodeAsync();
        var ended = new List<long>();
        foreach (var state in states)
        {
            ended.Add(await harness.EnqueueAsync(StoreHarness.NewJob(worker: StoreHarness.Worker("Ender")) with { Queue = "ends" }));
            var claim = await harness.Store.ClaimAsync("ends", ["Ender"], 1, node, TestContext.Current.CancellationToken);
            Assert.True(await harness.AcknowledgeAsync(Assert.Single(claim.Jobs), state));
        }

        return ended;
    }

    static async Task<IReadOnlyList<long>> GoneAsync(StoreHarness harness, IEnumerable<long> ids)
    {
        var gone = new List<long>();
        foreach (var id in ids)
        {
            if (await harness.FindJobAsync(id) is null)
                gone.Add(id);
        }

        return gone;
    }
}
