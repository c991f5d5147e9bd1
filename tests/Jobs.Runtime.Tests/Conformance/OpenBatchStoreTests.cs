using Jobs.Generated;
using Jobs.Store;

namespace Jobs.Runtime.Tests.Conformance;

/// <summary>What every store must do with batches that are built over several transactions, and with batches in batches.</summary>
public abstract class OpenBatchStoreTests
{
    private protected abstract Task<StoreHarness> StartAsync();

    [Fact]
    public async Task A_batch_that_is_open_does_not_close_though_all_it_has_have_ended_until_it_is_sealed()
    {
        await using var harness = await StartAsync();
        await OpenAsync(harness, "b");
        Assert.Equal(2, (await AddAsync(harness, "b", 2)).Total);
        var node = await harness.RegisterNodeAsync();
        await AcknowledgeAllAsync(harness, node);
        Assert.Equal(5, (await AddAsync(harness, "b", 3)).Total);
        await AcknowledgeAllAsync(harness, node);

        Assert.Empty(await harness.CallbacksAsync("b"));
        var sealing = await SealAsync(harness, "b");
        Assert.Equal(5, sealing.Batch.Total);
        Assert.Equal(["mail"], sealing.Queues);
        Assert.Single(await harness.CallbacksAsync("b"));
        Assert.Empty((await SealAsync(harness, "b")).Queues);
        Assert.Single(await harness.CallbacksAsync("b"));
    }

    [Fact]
    public async Task A_batch_that_is_sealed_while_jobs_are_left_closes_with_the_last()
    {
        await using var harness = await StartAsync();
        await OpenAsync(harness, "b");
        await AddAsync(harness, "b", 2);
        await SealAsync(harness, "b");

        Assert.Empty(await harness.CallbacksAsync("b"));
        await AcknowledgeAllAsync(harness, await harness.RegisterNodeAsync());

        Assert.Single(await harness.CallbacksAsync("b"));
        Assert.True((await harness.StatusAsync("b")).IsClosed);
    }

    [Theory]
    [InlineData("sealed")]
    [InlineData("cancelled")]
    [InlineData("ended")]
    public async Task A_batch_that_takes_no_more_jobs_refuses_them_and_stores_nothing(string how)
    {
        await using var harness = await StartAsync();
        await OpenAsync(harness, "b");
        await AddAsync(harness, "b", how == "ended" ? 0 : 1);
        if (how == "cancelled")
            await harness.Store.CancelBatchAsync("b", TestContext.Current.CancellationToken);
        else
            await SealAsync(harness, "b");
        var before = await harness.CountJobsAsync();

        var refused = await Assert.ThrowsAsync<BatchSealedException>(() => AddAsync(harness, "b", 3));

        Assert.Equal("b", refused.BatchId);
        Assert.Equal(before, await harness.CountJobsAsync());
    }

    [Fact]
    public async Task Jobs_for_a_batch_that_is_not_there_and_a_seal_of_it_are_refused()
    {
        await using var harness = await StartAsync();

        await Assert.ThrowsAsync<BatchNotFoundException>(() => AddAsync(harness, "b", 1));
        await Assert.ThrowsAsync<BatchNotFoundException>(() => SealAsync(harness, "b"));

        Assert.Equal(0, await harness.CountJobsAsync());
    }

    [Fact]
    public async Task Who_was_named_is_told_and_else_who_was_found_first_and_two_who_were_found_are_refused()
    {
        await using var harness = await StartAsync();
        await harness.Store.OpenBatchAsync(new NewBatch("named") { OpenFor = TimeSpan.FromHours(1) }, [StoreHarness.Listener(BatchCallbacks.Complete, StoreHarness.Mailer)], EnqueueTerms.Alone, TestContext.Current.CancellationToken);
        await OpenAsync(harness, "found", isTold: false);

        Assert.Equal("Mailer", (await AddAsync(harness, "named", 1, Found("Packer"))).CallbackWorker);
        Assert.Equal("Packer", (await AddAsync(harness, "found", 1, Found("Packer"))).CallbackWorker);
        Assert.Equal("Packer", (await AddAsync(harness, "found", 1, Found("Packer"))).CallbackWorker);
        var before = await harness.CountJobsAsync();
        var refused = await Assert.ThrowsAsync<InvalidOperationException>(() => AddAsync(harness, "found", 1, Found("Mailer")));

        Assert.Contains("Mailer and Packer could each get the batch's BatchComplete", refused.Message, StringComparison.Ordinal);
        Assert.Equal(before, await harness.CountJobsAsync());
        Assert.Equal(2, (await harness.StatusAsync("found")).Total);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_batch_whose_builder_was_not_heard_of_for_too_long_is_sealed_and_its_jobs_run_or_are_cancelled(bool isCancelled)
    {
        await using var harness = await StartAsync();
        await harness.Store.OpenBatchAsync(
            new NewBatch("b") { OpenFor = TimeSpan.FromMinutes(10), IsCancelledOnExpiry = isCancelled },
            [StoreHarness.Listener(BatchCallbacks.Complete, StoreHarness.Mailer)], EnqueueTerms.Alone, TestContext.Current.CancellationToken);
        await harness.MoveClockAsync(TimeSpan.FromMinutes(9));
        await AddAsync(harness, "b", 1);
        await harness.MoveClockAsync(TimeSpan.FromMinutes(18));
        Assert.Empty((await WorkAsync(harness)).Expired);

        await harness.MoveClockAsync(TimeSpan.FromMinutes(19.1));
        var key = Assert.Single((await WorkAsync(harness)).Expired);
        Assert.NotNull(await harness.Store.ExpireBatchAsync(key, TestContext.Current.CancellationToken));

        var status = await harness.StatusAsync("b");
        Assert.NotNull(status.SealedAt);
        Assert.Equal(isCancelled, status.CancelRequestedAt is not null);
        Assert.Equal(isCancelled ? 1 : 0, (await WorkAsync(harness)).Cancelled.Count);
        Assert.Empty((await WorkAsync(harness)).Expired);
        Assert.Null(await harness.Store.ExpireBatchAsync(key, TestContext.Current.CancellationToken));
        await Assert.ThrowsAsync<BatchSealedException>(() => AddAsync(harness, "b", 1));
    }

    [Theory]
    [InlineData(JobState.Completed, 1, 0, 0)]
    [InlineData(JobState.Cancelled, 0, 1, 0)]
    [InlineData(JobState.Discarded, 0, 0, 1)]
    public async Task A_batch_counts_in_the_one_that_it_is_in_as_one_job_when_it_closes(JobState end, int completed, int cancelled, int discarded)
    {
        await using var harness = await StartAsync();
        await OpenAsync(harness, "parent");
        await EnqueueInAsync(harness, "child", "parent", 2);
        await SealAsync(harness, "parent");
        Assert.Equal((1, 1), ((await harness.StatusAsync("parent")).Total, (await harness.StatusAsync("parent")).Pending));
        var members = await harness.ClaimAsync(await harness.RegisterNodeAsync());

        await harness.AcknowledgeAsync(members[0], JobState.Completed);
        Assert.Equal(1, (await harness.StatusAsync("parent")).Pending);
        await harness.AcknowledgeAsync(members[1], end);

        var status = await harness.StatusAsync("parent");
        Assert.Equal((true, completed, cancelled, discarded), (status.IsClosed, status.Completed, status.Cancelled, status.Discarded));
        Assert.Equal("parent", (await harness.StatusAsync("child")).Parent);
        Assert.Single(await harness.CallbacksAsync("parent"));
        Assert.Empty((await WorkAsync(harness)).Uncounted);
    }

    [Fact]
    public async Task Batches_nest_to_any_depth_and_the_innermost_end_closes_them_all()
    {
        const int Depth = 20;
        await using var harness = await StartAsync();
        await OpenAsync(harness, "b0");
        for (var i = 1; i < Depth; i++)
            await harness.Store.OpenBatchAsync(new NewBatch($"b{i}") { Parent = $"b{i - 1}", OpenFor = TimeSpan.FromHours(1) }, [], EnqueueTerms.Alone, TestContext.Current.CancellationToken);
        await EnqueueInAsync(harness, "innermost", $"b{Depth - 1}", 1);
        for (var i = 0; i < Depth; i++)
            await SealAsync(harness, $"b{i}");
        Assert.False((await harness.StatusAsync("b0")).IsClosed);

        await AcknowledgeAllAsync(harness, await harness.RegisterNodeAsync());

        for (var i = 0; i < Depth; i++)
            Assert.Equal((true, 1), ((await harness.StatusAsync($"b{i}")).IsClosed, (await harness.StatusAsync($"b{i}")).Completed));
        Assert.Single(await harness.CallbacksAsync("b0"));
    }

    [Fact]
    public async Task An_empty_batch_counts_in_its_parent_at_once()
    {
        await using var harness = await StartAsync();
        await OpenAsync(harness, "parent");

        await EnqueueInAsync(harness, "child", "parent", 0);
        await SealAsync(harness, "parent");

        Assert.Equal((true, 1), ((await harness.StatusAsync("parent")).IsClosed, (await harness.StatusAsync("parent")).Completed));
    }

    [Fact]
    public async Task A_batch_for_a_parent_that_is_sealed_or_not_there_is_refused_and_nothing_is_stored()
    {
        await using var harness = await StartAsync();
        await harness.EnqueueBatchAsync("sealed", 1);

        await Assert.ThrowsAsync<BatchSealedException>(() => EnqueueInAsync(harness, "child", "sealed", 2));
        await Assert.ThrowsAsync<BatchNotFoundException>(() => EnqueueInAsync(harness, "child", "nowhere", 2));

        Assert.Equal(1, await harness.CountJobsAsync());
        Assert.Null(await harness.Store.FindBatchAsync("child", TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Children_whose_end_nobody_counted_are_found_and_counted_once()
    {
        await using var harness = await StartAsync();
        await OpenAsync(harness, "parent");
        await EnqueueInAsync(harness, "child", "parent", 1);
        await SealAsync(harness, "parent");
        var member = (await harness.ClaimAsync(await harness.RegisterNodeAsync())).Single();

        // A rescue leaves that to the leader.
        await harness.SetAttemptsAsync(member.Id, 1, 1);
        await harness.DieWithAsync(member);
        await harness.Store.RescueAsync(10, TestContext.Current.CancellationToken);
        await harness.DieWithOneAsync();
        await harness.Store.RescueAsync(10, TestContext.Current.CancellationToken);
        var uncounted = (await WorkAsync(harness)).Uncounted;
        var queues = await harness.Store.CountChildrenAsync(uncounted, TestContext.Current.CancellationToken);
        var again = await harness.Store.CountChildrenAsync(uncounted, TestContext.Current.CancellationToken);

        Assert.Single(uncounted);
        Assert.Equal(["mail"], queues);
        Assert.Empty(again);
        Assert.Equal((true, 1), ((await harness.StatusAsync("parent")).IsClosed, (await harness.StatusAsync("parent")).Discarded));
    }

    [Fact]
    public async Task A_batch_is_pruned_only_when_its_parent_has_counted_it_and_nothing_of_it_is_left()
    {
        await using var harness = await StartAsync();
        await OpenAsync(harness, "parent");
        await harness.Store.EnqueueBatchAsync(
            new NewBatch("child") { Parent = "parent" }, new[] { StoreHarness.NewJob() }.ToAsyncEnumerable(),
            static () => [StoreHarness.Listener(BatchCallbacks.Discarded, StoreHarness.Mailer)], EnqueueTerms.Alone, TestContext.Current.CancellationToken);
        var member = await harness.ClaimOneAsync(await harness.RegisterNodeAsync());
        await harness.SetAttemptsAsync(member.Id, 1, 1);
        await harness.RequestCancelAsync(member.Id);
        await harness.DieWithAsync(member);
        await harness.Store.RescueAsync(10, TestContext.Current.CancellationToken);

        Assert.Equal(0, await PruneAsync(harness));
        await harness.Store.CountChildrenAsync((await WorkAsync(harness)).Uncounted, TestContext.Current.CancellationToken);
        Assert.Equal(1, await PruneAsync(harness));

        Assert.Null(await harness.Store.FindBatchAsync("child", TestContext.Current.CancellationToken));
        Assert.Equal(0, await harness.CountListenersAsync());
        Assert.Equal((1, 1), ((await harness.StatusAsync("parent")).Total, (await harness.StatusAsync("parent")).Cancelled));
    }

    static async Task<int> PruneAsync(StoreHarness harness) =>
        (await harness.Store.PruneBatchesAsync(TimeSpan.Zero, WalkMark.Start, 10, TestContext.Current.CancellationToken)).Pruned;

    static Task<BatchRef> OpenAsync(StoreHarness harness, string id, bool isTold = true) => harness.Store.OpenBatchAsync(
        new NewBatch(id) { OpenFor = TimeSpan.FromHours(1) }, isTold ? [StoreHarness.Listener(BatchCallbacks.Complete, StoreHarness.Mailer)] : [],
        EnqueueTerms.Alone, TestContext.Current.CancellationToken);

    static Task<BatchRef> AddAsync(StoreHarness harness, string id, int count, params BatchListener[] found) => harness.Store.AddToBatchAsync(
        id, Enumerable.Range(0, count).Select(i => StoreHarness.NewJob($"{i}")).ToAsyncEnumerable(), () => found, EnqueueTerms.Alone, TestContext.Current.CancellationToken);

    static BatchListener Found(string worker) => StoreHarness.Listener(BatchCallbacks.Complete, StoreHarness.Worker(worker)) with { IsNamed = false };

    static Task<SealResult> SealAsync(StoreHarness harness, string id) => harness.Store.SealBatchAsync(id, EnqueueTerms.Alone, TestContext.Current.CancellationToken);

    static Task<BatchRef> EnqueueInAsync(StoreHarness harness, string id, string parent, int size) => harness.Store.EnqueueBatchAsync(
        new NewBatch(id) { Parent = parent }, Enumerable.Range(0, size).Select(i => StoreHarness.NewJob($"{i}")).ToAsyncEnumerable(), static () => [],
        EnqueueTerms.Alone, TestContext.Current.CancellationToken);

    static Task<BatchWork> WorkAsync(StoreHarness harness) => harness.Store.FindBatchWorkAsync(10, TestContext.Current.CancellationToken);

    static async Task AcknowledgeAllAsync(StoreHarness harness, Guid node)
    {
        foreach (var job in await harness.ClaimAsync(node))
            await harness.AcknowledgeAsync(job, JobState.Completed);
    }
}
