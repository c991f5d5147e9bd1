namespace Jobs.Runtime.Tests.Conformance;

/// <summary>What every store must do for the queues of a node.</summary>
public abstract class QueueStoreTests
{
    private protected abstract Task<StoreHarness> StartAsync();

    [Fact]
    public async Task A_node_finds_which_of_its_queues_have_available_jobs_of_workers_it_knows()
    {
        await using var harness = await StartAsync();
        var node = await harness.RegisterNodeAsync();
        await harness.EnqueueAsync();
        await harness.EnqueueAsync(StoreHarness.NewJob(worker: StoreHarness.Worker("Stranger")) with { Queue = "strange" });
        await harness.EnqueueAsync(StoreHarness.NewJob() with { Queue = "later", ScheduleIn = TimeSpan.FromHours(1) });
        await harness.EnqueueAsync(StoreHarness.NewJob() with { Queue = "other" });

        var found = await PollAsync("mail", "strange", "later", "empty");
        await harness.ClaimOneAsync(node);
        var later = await PollAsync("mail", "strange", "later", "empty");

        Assert.Equal(["mail"], found.QueuesWithWork);
        Assert.False(found.SuspectsWait);
        Assert.Empty(found.Cancelled);
        Assert.Empty(later.QueuesWithWork);

        Task<Store.PollResult> PollAsync(params IReadOnlyList<string> queues) =>
            harness.Store.PollAsync(queues, StoreHarness.Known, node, TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task A_node_finds_whether_suspects_wait_in_its_queues()
    {
        await using var harness = await StartAsync();
        await harness.EnqueueAsync();
        await harness.DieWithOneAsync();
        await harness.Store.RescueAsync(100, TestContext.Current.CancellationToken);
        var node = await harness.RegisterNodeAsync();

        Assert.True((await PollAsync(["other", "mail"], StoreHarness.Known)).SuspectsWait);
        Assert.Empty((await PollAsync(["mail"], StoreHarness.Known)).QueuesWithWork);
        Assert.False((await PollAsync(["other"], StoreHarness.Known)).SuspectsWait);
        Assert.False((await PollAsync(["mail"], ["Stranger"])).SuspectsWait);

        Task<Store.PollResult> PollAsync(IReadOnlyList<string> queues, IReadOnlyList<string> workers) =>
            harness.Store.PollAsync(queues, workers, node, TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task A_node_finds_at_each_look_which_of_its_own_running_jobs_are_to_be_cancelled()
    {
        await using var harness = await StartAsync();
        var (node, other) = (await harness.RegisterNodeAsync(), await harness.RegisterNodeAsync());
        foreach (var _ in Enumerable.Range(0, 4))
            await harness.EnqueueAsync();
        var mine = await harness.ClaimAsync(node, 2);
        var others = await harness.ClaimOneAsync(other);
        foreach (var job in new[] { mine[0], others })
            await harness.RequestCancelAsync(job.Id);

        Assert.Equal([(mine[0].Id, mine[0].Run)], (await PollAsync()).Cancelled);
        Assert.Equal([(mine[0].Id, mine[0].Run)], (await PollAsync()).Cancelled);
        await harness.AcknowledgeAsync(mine[0], JobState.Completed);

        Assert.Empty((await PollAsync()).Cancelled);

        Task<Store.PollResult> PollAsync() => harness.Store.PollAsync(["mail"], StoreHarness.Known, node, TestContext.Current.CancellationToken);
    }
}
