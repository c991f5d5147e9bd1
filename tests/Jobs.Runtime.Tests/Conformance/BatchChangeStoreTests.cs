using Jobs.Generated;
using Jobs.Store;

namespace Jobs.Runtime.Tests.Conformance;

/// <summary>What every store must do when a whole batch is cancelled or retried, and when its counters are checked.</summary>
public abstract class BatchChangeStoreTests
{
    private protected abstract Task<StoreHarness> StartAsync();

    [Fact]
    public async Task The_cancel_of_a_batch_marks_it_and_what_executes_and_the_sweep_ends_the_rest()
    {
        await using var harness = await StartAsync();
        await harness.EnqueueBatchAsync("b", 5, StoreHarness.Mailer);
        var node = await harness.RegisterNodeAsync();
        var running = await harness.ClaimAsync(node, 2);

        var result = await harness.Store.CancelBatchAsync("b", TestContext.Current.CancellationToken);
        Assert.Equal(new BatchCancelResult(IsMarked: true, IsClosed: false, Executing: 2), result);
        Assert.NotNull((await harness.StatusAsync("b")).CancelRequestedAt);
        var again = await harness.Store.CancelBatchAsync("b", TestContext.Current.CancellationToken);
        Assert.Equal(new BatchCancelResult(IsMarked: false, IsClosed: false, Executing: 0), again);

        await SweepAsync(harness);
        Assert.Equal((2, 3), ((await harness.StatusAsync("b")).Pending, (await harness.StatusAsync("b")).Cancelled));
        await harness.AcknowledgeAsync(running[0], JobState.Completed);
        await harness.AcknowledgeAsync(running[1], JobState.Retryable, error: "was cancelled");

        var status = await harness.StatusAsync("b");
        Assert.Equal((true, 1, 4), (status.IsClosed, status.Completed, status.Cancelled));
        Assert.Single(await harness.CallbacksAsync("b"));
        Assert.True((await harness.Store.CancelBatchAsync("b", TestContext.Current.CancellationToken))!.IsClosed);
        Assert.Null(await harness.Store.CancelBatchAsync("nowhere", TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task A_member_that_is_claimed_after_the_cancel_says_so()
    {
        await using var harness = await StartAsync();
        await harness.EnqueueBatchAsync("b", 1);
        await harness.EnqueueAsync();
        await harness.Store.CancelBatchAsync("b", TestContext.Current.CancellationToken);

        var claimed = await harness.ClaimAsync(await harness.RegisterNodeAsync());

        Assert.Equal([true, false], claimed.Select(static job => job.IsBatchCancelled));
    }

    [Fact]
    public async Task The_cancel_of_an_open_batch_seals_it_and_reaches_the_batches_in_it()
    {
        await using var harness = await StartAsync();
        await OpenAsync(harness, "parent", null);
        await OpenAsync(harness, "child", "parent");
        await OpenAsync(harness, "grandchild", "child");
        await harness.Store.AddToBatchAsync(
            "grandchild", new[] { StoreHarness.NewJob(), StoreHarness.NewJob() }.ToAsyncEnumerable(), static () => [], EnqueueTerms.Alone, TestContext.Current.CancellationToken);

        await harness.Store.CancelBatchAsync("parent", TestContext.Current.CancellationToken);
        await SweepAsync(harness);

        foreach (var id in (string[])["parent", "child", "grandchild"])
        {
            var status = await harness.StatusAsync(id);
            Assert.Equal((id, true, id == "grandchild" ? 2 : 1), (id, status.IsClosed, status.Cancelled));
        }

        Assert.Single(await harness.CallbacksAsync("parent"));
    }

    [Fact]
    public async Task A_member_of_a_cancelled_batch_is_not_retried()
    {
        await using var harness = await StartAsync();
        await harness.EnqueueBatchAsync("b", 2);
        var member = (await harness.ClaimAsync(await harness.RegisterNodeAsync()))[0];
        await harness.AcknowledgeAsync(member, JobState.Discarded);
        await harness.Store.CancelBatchAsync("b", TestContext.Current.CancellationToken);

        Assert.Equal(new SelectedJob(member.Id, JobState.Discarded, IsChanged: false), await harness.ChangeAsync(harness.Store.RetryAsync, member.Id));
    }

    [Fact]
    public async Task The_failed_members_of_a_batch_that_has_ended_run_in_a_new_one_with_its_callbacks_and_metadata()
    {
        await using var harness = await StartAsync();
        await EndAsync(harness, "b", [JobState.Completed, JobState.Discarded, JobState.Cancelled, JobState.Discarded]);
        var before = await harness.StatusAsync("b");

        var (id, key) = (await harness.Store.OpenRetryBatchAsync("b", TestContext.Current.CancellationToken))!.Value;
        Assert.Equal((id, key), await harness.Store.OpenRetryBatchAsync("b", TestContext.Current.CancellationToken));
        var first = await harness.Store.MoveFailedAsync("b", key, long.MinValue, 2, TestContext.Current.CancellationToken);
        var second = await harness.Store.MoveFailedAsync("b", key, first.Jobs[^1].Id, 2, TestContext.Current.CancellationToken);
        await harness.Store.SealBatchAsync(id, EnqueueTerms.Alone, TestContext.Current.CancellationToken);

        Assert.Equal("b/retry-1", id);
        Assert.Equal((2, 1), (first.Jobs.Count, second.Jobs.Count));
        Assert.All(first.Jobs.Concat(second.Jobs), static job => Assert.True(job.IsChanged));
        var status = await harness.StatusAsync(id);
        Assert.Equal((3, 3, 0), (status.Total, status.Pending, status.Discarded));
        Assert.Equal("Mailer", status.CallbackWorker);
        Assert.Equal("""{"a": 1}""", status.Metadata.ToString());
        Assert.Equal(before.Discarded, (await harness.StatusAsync("b")).Discarded);

        foreach (var job in (await harness.ClaimAsync(await harness.RegisterNodeAsync())).Where(job => job.Batch?.Id == id))
            await harness.AcknowledgeAsync(job, JobState.Completed);
        Assert.Equal(["attempted", "complete"], (await harness.CallbacksAsync(id)).Select(static job => System.Text.Json.JsonDocument.Parse(job.Args).RootElement.GetProperty("status").GetString()!).Order());
        Assert.Null(await harness.Store.OpenRetryBatchAsync("b", TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Each_retry_of_a_batch_has_a_number_of_its_own()
    {
        await using var harness = await StartAsync();
        await EndAsync(harness, "b", [JobState.Discarded]);

        for (var i = 1; i <= 2; i++)
        {
            var source = i == 1 ? "b" : "b/retry-1";
            var (id, key) = (await harness.Store.OpenRetryBatchAsync(source, TestContext.Current.CancellationToken))!.Value;
            await harness.Store.MoveFailedAsync(source, key, long.MinValue, 10, TestContext.Current.CancellationToken);
            await harness.Store.SealBatchAsync(id, EnqueueTerms.Alone, TestContext.Current.CancellationToken);
            await harness.AcknowledgeAsync((await harness.ClaimAsync(await harness.RegisterNodeAsync())).Single(job => job.Batch?.Id == id), JobState.Discarded);
            Assert.Equal($"{source}/retry-1", id);
        }

        await Assert.ThrowsAsync<BatchNotFoundException>(() => harness.Store.OpenRetryBatchAsync("nowhere", TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task A_retry_of_a_batch_that_broke_off_before_its_seal_is_found_by_the_next_call_though_nothing_is_left_to_move()
    {
        await using var harness = await StartAsync();
        await EndAsync(harness, "b", [JobState.Discarded]);
        var (id, key) = (await harness.Store.OpenRetryBatchAsync("b", TestContext.Current.CancellationToken))!.Value;
        await harness.Store.MoveFailedAsync("b", key, long.MinValue, 10, TestContext.Current.CancellationToken);

        Assert.Equal((id, key), await harness.Store.OpenRetryBatchAsync("b", TestContext.Current.CancellationToken));
        await harness.Store.SealBatchAsync(id, EnqueueTerms.Alone, TestContext.Current.CancellationToken);

        Assert.Null(await harness.Store.OpenRetryBatchAsync("b", TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task A_check_of_counters_that_agree_with_the_rows_changes_nothing()
    {
        await using var harness = await StartAsync();
        await harness.EnqueueBatchAsync("b", 3, StoreHarness.Mailer);
        var members = await harness.ClaimAsync(await harness.RegisterNodeAsync());
        await harness.AcknowledgeAsync(members[0], JobState.Completed);
        await harness.AcknowledgeAsync(members[1], JobState.Retryable, error: "why");
        await OpenAsync(harness, "open", null);
        await OpenAsync(harness, "child", "open");
        await harness.MoveClockAsync(TimeSpan.FromMinutes(2));
        var stalled = await StalledAsync(harness);

        var checks = new List<BatchCheck?>();
        foreach (var key in stalled)
            checks.Add(await harness.Store.CheckBatchAsync(key, TestContext.Current.CancellationToken));

        Assert.Equal(["b 2 2", "child 0 0", "open 1 1"], checks.Select(static check => $"{check!.Id} {check.Counted} {check.Found}").Order());
        Assert.Empty(await StalledAsync(harness));
        await harness.MoveClockAsync(TimeSpan.FromMinutes(13));
        Assert.Equal(3, (await StalledAsync(harness)).Count);
    }

    [Fact]
    public async Task A_batch_whose_last_members_were_deleted_with_sql_is_closed_by_the_check_and_told()
    {
        await using var harness = await StartAsync();
        await harness.EnqueueBatchAsync("b", 3, StoreHarness.Mailer);
        var members = await harness.ClaimAsync(await harness.RegisterNodeAsync());
        await harness.AcknowledgeAsync(members[0], JobState.Completed);
        await harness.DeleteJobAsync(members[1].Id);
        await harness.DeleteJobAsync(members[2].Id);
        await harness.MoveClockAsync(TimeSpan.FromMinutes(2));

        var check = await harness.Store.CheckBatchAsync(Assert.Single(await StalledAsync(harness)), TestContext.Current.CancellationToken);

        Assert.Equal((2, 0, 2), (check!.Counted, check.Found, check.Drift));
        Assert.Equal(["mail"], check.Queues);
        var status = await harness.StatusAsync("b");
        Assert.Equal((true, 1, 2), (status.IsClosed, status.Completed, status.Cancelled));
        Assert.Single(await harness.CallbacksAsync("b"));
    }

    [Fact]
    public async Task Batches_are_listed_the_newest_first_page_by_page()
    {
        await using var harness = await StartAsync();
        await EndAsync(harness, "ended", [JobState.Discarded]);
        await harness.EnqueueBatchAsync("mail-1", 1);
        await harness.EnqueueBatchAsync("mail-2", 2);
        await harness.Store.CancelBatchAsync("mail-2", TestContext.Current.CancellationToken);
        await OpenAsync(harness, "open", null);
        await OpenAsync(harness, "child", "open");

        Assert.Equal(["child", "open", "mail-2", "mail-1", "ended"], await ListAsync(harness, new BatchFilter(), 2));
        Assert.Equal(["ended"], await ListAsync(harness, new BatchFilter { IsClosed = true }, 10));
        Assert.Equal(["ended"], await ListAsync(harness, new BatchFilter { HasDiscarded = true }, 10));
        Assert.Equal(["mail-2", "mail-1"], await ListAsync(harness, new BatchFilter { IdPrefix = "mail-" }, 10));
        Assert.Equal(["mail-2"], await ListAsync(harness, new BatchFilter { IsCancelled = true }, 10));
        Assert.Equal(["child"], await ListAsync(harness, new BatchFilter { Parent = "open" }, 10));
        Assert.Empty(await ListAsync(harness, new BatchFilter { InsertedBefore = DateTimeOffset.UtcNow.AddDays(-1) }, 10));
        Assert.Equal(5, (await ListAsync(harness, new BatchFilter { InsertedFrom = DateTimeOffset.UtcNow.AddDays(-1) }, 10)).Count);
    }

    static async Task<IReadOnlyList<string>> ListAsync(StoreHarness harness, BatchFilter filter, int limit)
    {
        var ids = new List<string>();
        for (long? after = null; ;)
        {
            var page = await harness.Store.ListBatchesAsync(filter, limit, after, TestContext.Current.CancellationToken);
            ids.AddRange(page.Batches.Select(static batch => batch.Id));
            if (page.Next is null)
                return ids;
            after = page.Next;
        }
    }

    static Task<BatchRef> OpenAsync(StoreHarness harness, string id, string? parent) => harness.Store.OpenBatchAsync(
        new NewBatch(id) { OpenFor = TimeSpan.FromHours(1), Parent = parent }, [StoreHarness.Listener(BatchCallbacks.Complete, StoreHarness.Mailer)],
        EnqueueTerms.Alone, TestContext.Current.CancellationToken);

    /// <summary>Stores a batch whose members end so, one after the other.</summary>
    static async Task EndAsync(StoreHarness harness, string id, IReadOnlyList<JobState> ends)
    {
        await harness.Store.EnqueueBatchAsync(
            new NewBatch(id) { Metadata = """{"a": 1}"""u8.ToArray() }, ends.Select(static (_, i) => StoreHarness.NewJob($"{i}")).ToAsyncEnumerable(),
            static () => [StoreHarness.Listener(BatchCallbacks.Complete, StoreHarness.Mailer), StoreHarness.Listener(BatchCallbacks.Attempted, StoreHarness.Mailer)],
            EnqueueTerms.Alone, TestContext.Current.CancellationToken);
        var members = await harness.ClaimAsync(await harness.RegisterNodeAsync());
        foreach (var (member, end) in members.Zip(ends))
            await harness.AcknowledgeAsync(member, end);
    }

    static Task<IReadOnlyList<long>> StalledAsync(StoreHarness harness) =>
        harness.Store.FindStalledBatchesAsync(TimeSpan.FromMinutes(1), TimeSpan.FromMinutes(10), 10, TestContext.Current.CancellationToken);

    /// <summary>What the leader does, until nothing is left.</summary>
    static async Task SweepAsync(StoreHarness harness)
    {
        while (await harness.Store.FindBatchWorkAsync(10, TestContext.Current.CancellationToken) is { IsNone: false } work)
        {
            foreach (var (key, id) in work.Cancelled)
            {
                await harness.Store.BeginBatchSweepAsync(key, TestContext.Current.CancellationToken);
                await harness.Store.CancelAsync(new JobSelection(new JobFilter { Batch = id }, long.MinValue, 100), TestContext.Current.CancellationToken);
                await harness.Store.EndBatchSweepAsync(key, TestContext.Current.CancellationToken);
            }

            await harness.Store.CountChildrenAsync(work.Uncounted, TestContext.Current.CancellationToken);
        }
    }
}
