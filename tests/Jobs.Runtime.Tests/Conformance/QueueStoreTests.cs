using Jobs.Store;

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

        Assert.Equal([true, false, false, false], found.Queues.Select(queue => queue.HasWork));
        Assert.False(found.SuspectsWait);
        Assert.Empty(found.Cancelled);
        Assert.DoesNotContain(later.Queues, queue => queue.HasWork);

        Task<PollResult> PollAsync(params IReadOnlyList<string> queues) =>
            harness.Store.PollAsync(queues, StoreHarness.Known, node, "a", TestContext.Current.CancellationToken);
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
        Assert.False(Assert.Single((await PollAsync(["mail"], StoreHarness.Known)).Queues).HasWork);
        Assert.False((await PollAsync(["other"], StoreHarness.Known)).SuspectsWait);
        Assert.False((await PollAsync(["mail"], ["Stranger"])).SuspectsWait);

        Task<PollResult> PollAsync(IReadOnlyList<string> queues, IReadOnlyList<string> workers) =>
            harness.Store.PollAsync(queues, workers, node, "a", TestContext.Current.CancellationToken);
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

        Task<PollResult> PollAsync() => harness.Store.PollAsync(["mail"], StoreHarness.Known, node, "a", TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task The_last_word_on_a_queue_counts_be_it_of_one_queue_or_all_of_one_node_or_all()
    {
        await using var harness = await StartAsync();
        var node = await harness.RegisterNodeAsync();

        Assert.Equal("Running Running", await StatesAsync("a"));
        await SetAsync("mail", null, QueueState.Paused);
        Assert.Equal("Paused Running", await StatesAsync("a"));
        await SetAsync("mail", "a", QueueState.Running);
        Assert.Equal(("Running Running", "Paused Running"), (await StatesAsync("a"), await StatesAsync("b")));
        await SetAsync(null, "a", QueueState.Stopped);
        Assert.Equal(("Stopped Stopped", "Paused Running"), (await StatesAsync("a"), await StatesAsync("b")));
        await SetAsync("other", null, QueueState.Running);
        Assert.Equal(("Stopped Running", "Paused Running"), (await StatesAsync("a"), await StatesAsync("b")));
        await SetAsync(null, null, QueueState.Paused);
        Assert.Equal(("Paused Paused", "Paused Paused"), (await StatesAsync("a"), await StatesAsync("b")));
        await SetAsync(null, null, QueueState.Running);
        Assert.Equal(("Running Running", "Running Running"), (await StatesAsync("a"), await StatesAsync("b")));

        Task SetAsync(string? queue, string? name, QueueState state) => harness.Store.SetQueueStateAsync(queue, name, state, TestContext.Current.CancellationToken);

        async Task<string> StatesAsync(string name)
        {
            var found = await harness.Store.PollAsync(["mail", "other"], StoreHarness.Known, node, name, TestContext.Current.CancellationToken);
            return string.Join(' ', found.Queues.Select(queue => queue.Rule.State));
        }
    }

    [Fact]
    public async Task A_queue_is_scaled_for_one_node_or_all_and_back_to_the_hosts_own_number_whatever_its_state()
    {
        await using var harness = await StartAsync();
        var node = await harness.RegisterNodeAsync();

        await ScaleAsync("mail", null, 5);
        await harness.Store.SetQueueStateAsync("mail", "a", QueueState.Paused, TestContext.Current.CancellationToken);
        await ScaleAsync("mail", "a", 7);
        var scaled = (await RuleAsync("a"), await RuleAsync("b"));
        await ScaleAsync("mail", null, null);
        var back = (await RuleAsync("a"), await RuleAsync("b"));

        Assert.Equal((new QueueRule(QueueState.Paused, 7), new QueueRule(QueueState.Running, 5)), scaled);
        Assert.Equal((new QueueRule(QueueState.Paused, null), new QueueRule(QueueState.Running, null)), back);

        Task ScaleAsync(string queue, string? name, int? concurrency) => harness.Store.ScaleQueueAsync(queue, name, concurrency, TestContext.Current.CancellationToken);

        async Task<QueueRule> RuleAsync(string name) =>
            Assert.Single((await harness.Store.PollAsync(["mail"], StoreHarness.Known, node, name, TestContext.Current.CancellationToken)).Queues).Rule;
    }

    [Fact]
    public async Task The_queues_are_told_with_their_nodes_what_they_have_and_what_was_said()
    {
        await using var harness = await StartAsync();
        var node = await harness.RegisterNodeAsync();
        await harness.RegisterNodeAsync(TimeSpan.Zero);
        foreach (var _ in Enumerable.Range(0, 3))
            await harness.EnqueueAsync();
        await harness.ClaimAsync(node, 2);

        Assert.Equal(1, await harness.Store.SetQueueStateAsync("mail", null, QueueState.Paused, TestContext.Current.CancellationToken));
        Assert.Equal(1, await harness.Store.ScaleQueueAsync(null, $"node {node}", 3, TestContext.Current.CancellationToken));
        Assert.Equal(0, await harness.Store.SetQueueStateAsync("idle", null, QueueState.Stopped, TestContext.Current.CancellationToken));
        Assert.Equal(0, await harness.Store.SetQueueStateAsync(null, "nobody", QueueState.Paused, TestContext.Current.CancellationToken));
        var queues = await harness.Store.GetQueuesAsync(TestContext.Current.CancellationToken);

        Assert.Equal(["idle", "mail"], queues.Select(queue => queue.Queue));
        Assert.Empty(queues[0].Nodes);
        Assert.Equal(1, queues[1].Available);
        Assert.Equal([new QueueOnNode($"node {node}", QueueState.Paused, 3, 10, 2)], queues[1].Nodes);
        Assert.Equal(
            [(null, "nobody", QueueState.Paused, null), (null, $"node {node}", default(QueueState?), 3), ("mail", null, QueueState.Paused, default(int?))],
            queues[1].Settings.Select(setting => (setting.Queue, setting.Node, setting.State, setting.Concurrency)));
        Assert.Equal([QueueState.Paused, QueueState.Stopped, null], queues[0].Settings.Select(setting => setting.State));
    }

    [Fact]
    public async Task What_was_said_of_a_node_is_forgotten_when_it_has_not_been_seen_for_long_and_kept_while_it_is()
    {
        await using var harness = await StartAsync();
        var lives = await harness.RegisterNodeAsync(TimeSpan.FromDays(100));
        foreach (var name in new[] { $"node {lives}", "gone", null })
            await harness.Store.SetQueueStateAsync("mail", name, QueueState.Paused, TestContext.Current.CancellationToken);

        Assert.Equal(3, await SettingsAfterAsync(6.9));
        Assert.Equal(2, await SettingsAfterAsync(7));
        await harness.Store.RemoveNodeAsync(lives, TestContext.Current.CancellationToken);
        Assert.Equal(2, await SettingsAfterAsync(13.9));
        Assert.Equal(1, await SettingsAfterAsync(14));

        async Task<int> SettingsAfterAsync(double days)
        {
            await harness.MoveClockAsync(TimeSpan.FromDays(days));
            await harness.Store.SweepQueueSettingsAsync(TimeSpan.FromDays(7), TestContext.Current.CancellationToken);
            return Assert.Single(await harness.Store.GetQueuesAsync(TestContext.Current.CancellationToken)).Settings.Count;
        }
    }
}
