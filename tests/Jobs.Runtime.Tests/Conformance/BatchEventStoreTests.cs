using System.Text.Json;
using Jobs.Generated;
using Jobs.Store;

namespace Jobs.Runtime.Tests.Conformance;

/// <summary>When every store must tell of a batch: each kind of callback once, with the change that makes its condition true.</summary>
public abstract class BatchEventStoreTests
{
    private protected abstract Task<StoreHarness> StartAsync();

    [Fact]
    public async Task A_batch_whose_jobs_all_complete_tells_of_the_attempts_the_success_and_the_end_and_of_nothing_else()
    {
        await using var harness = await StartAsync();
        await EnqueueAsync(harness, 2);
        var members = await harness.ClaimAsync(await harness.RegisterNodeAsync());

        await harness.AcknowledgeAsync(members[0], JobState.Completed);
        Assert.Empty(await ToldAsync(harness));
        await harness.AcknowledgeAsync(members[1], JobState.Completed);

        Assert.Equal(["attempted", "complete", "succeeded"], await ToldAsync(harness));
    }

    [Fact]
    public async Task Failures_are_told_when_they_happen_first_and_never_again()
    {
        await using var harness = await StartAsync();
        await EnqueueAsync(harness, 3);
        var node = await harness.RegisterNodeAsync();
        var members = await harness.ClaimAsync(node);

        await harness.AcknowledgeAsync(members[0], JobState.Retryable, error: "first");
        Assert.Equal(["retryable"], await ToldAsync(harness));
        await harness.AcknowledgeAsync(members[1], JobState.Discarded);
        Assert.Equal(["discarded", "retryable"], await ToldAsync(harness));
        await harness.AcknowledgeAsync(members[2], JobState.Cancelled);
        Assert.Equal(["attempted", "cancelled", "discarded", "retryable"], await ToldAsync(harness));

        await harness.Store.StageAsync(10, TestContext.Current.CancellationToken);
        await harness.AcknowledgeAsync(await ClaimMemberAsync(harness, node), JobState.Retryable, error: "second");
        await harness.Store.StageAsync(10, TestContext.Current.CancellationToken);
        await harness.AcknowledgeAsync(await ClaimMemberAsync(harness, node), JobState.Discarded);
        Assert.Equal(["attempted", "cancelled", "complete", "discarded", "retryable"], await ToldAsync(harness));
    }

    // Not only while the callback's row is there to stand in the way.
    [Fact]
    public async Task What_was_told_is_not_told_again_when_the_callback_is_gone()
    {
        await using var harness = await StartAsync();
        await EnqueueAsync(harness, 2);
        var members = await harness.ClaimAsync(await harness.RegisterNodeAsync());
        await harness.AcknowledgeAsync(members[0], JobState.Discarded);
        await harness.DeleteJobAsync(Assert.Single(await harness.CallbacksAsync("b")).Id);

        await harness.AcknowledgeAsync(members[1], JobState.Discarded);

        Assert.Equal(["attempted", "complete"], await ToldAsync(harness));
    }

    [Fact]
    public async Task A_member_that_is_retried_by_hand_and_then_fails_for_the_first_time_is_the_first_that_is_retryable()
    {
        await using var harness = await StartAsync();
        await EnqueueAsync(harness, 2);
        var node = await harness.RegisterNodeAsync();
        var member = (await harness.ClaimAsync(node))[0];
        await harness.AcknowledgeAsync(member, JobState.Discarded);
        await harness.ChangeAsync(harness.Store.RetryAsync, member.Id);

        await harness.AcknowledgeAsync(await ClaimMemberAsync(harness, node), JobState.Retryable, error: "why");

        Assert.Equal(["discarded", "retryable"], await ToldAsync(harness));
    }

    [Fact]
    public async Task A_batch_whose_discarded_job_is_retried_and_completes_has_succeeded()
    {
        await using var harness = await StartAsync();
        await EnqueueAsync(harness, 2);
        var node = await harness.RegisterNodeAsync();
        var members = await harness.ClaimAsync(node);
        await harness.AcknowledgeAsync(members[0], JobState.Discarded);
        await harness.ChangeAsync(harness.Store.RetryAsync, members[0].Id);

        await harness.AcknowledgeAsync(members[1], JobState.Completed);
        await harness.AcknowledgeAsync(await ClaimMemberAsync(harness, node), JobState.Completed);

        Assert.Equal(["attempted", "complete", "discarded", "succeeded"], await ToldAsync(harness));
    }

    [Fact]
    public async Task A_snooze_and_a_shutdown_are_no_attempts()
    {
        await using var harness = await StartAsync();
        await EnqueueAsync(harness, 2);
        var node = await harness.RegisterNodeAsync();
        var members = await harness.ClaimAsync(node);

        await harness.AcknowledgeAsync(members[0], JobState.Scheduled);
        await harness.AcknowledgeAsync(members[1], JobState.Available);
        Assert.Empty(await ToldAsync(harness));
        await harness.Store.StageAsync(10, TestContext.Current.CancellationToken);
        var again = await harness.ClaimAsync(node);
        await harness.AcknowledgeAsync(again[0], JobState.Retryable, error: "why");
        Assert.Equal(["retryable"], await ToldAsync(harness));
        await harness.AcknowledgeAsync(again[1], JobState.Retryable, error: "why");

        Assert.Equal(["attempted", "retryable"], await ToldAsync(harness));
    }

    [Fact]
    public async Task An_empty_batch_tells_of_its_end_and_its_success()
    {
        await using var harness = await StartAsync();

        await EnqueueAsync(harness, 0);

        Assert.Equal(["attempted", "complete", "succeeded"], await ToldAsync(harness));
    }

    [Fact]
    public async Task A_member_that_ends_before_it_ever_ran_counts_as_attempted()
    {
        await using var harness = await StartAsync();
        await EnqueueAsync(harness, 3);
        var member = await harness.ClaimOneAsync(await harness.RegisterNodeAsync());
        await harness.AcknowledgeAsync(member, JobState.Retryable, TimeSpan.FromHours(1), "why");

        var waiting = await harness.Store.CancelAsync(
            new JobSelection(new JobFilter { Batch = "b", States = [JobState.Available] }, long.MinValue, 1), TestContext.Current.CancellationToken);
        Assert.Equal(["cancelled", "retryable"], await ToldAsync(harness));
        await harness.Store.DeleteAsync(
            new JobSelection(new JobFilter { Batch = "b", States = [JobState.Available] }, long.MinValue, 1), TestContext.Current.CancellationToken);

        Assert.Single(waiting.Jobs);
        Assert.Equal(["attempted", "cancelled", "retryable"], await ToldAsync(harness));
    }

    [Fact]
    public async Task A_member_that_ended_and_is_retried_by_hand_stays_attempted_and_is_not_attempted_a_second_time()
    {
        await using var harness = await StartAsync();
        await EnqueueAsync(harness, 3);
        var node = await harness.RegisterNodeAsync();
        var members = await harness.ClaimAsync(node);
        await harness.AcknowledgeAsync(members[0], JobState.Completed);
        await harness.ChangeAsync(harness.Store.RetryAsync, members[0].Id);
        await harness.AcknowledgeAsync(await ClaimMemberAsync(harness, node), JobState.Completed);
        await harness.ChangeAsync(harness.Store.RetryAsync, members[0].Id);

        await harness.AcknowledgeAsync(members[1], JobState.Completed);
        Assert.Empty(await ToldAsync(harness));
        await harness.AcknowledgeAsync(members[2], JobState.Completed);
        Assert.Equal(["attempted"], await ToldAsync(harness));
        await harness.AcknowledgeAsync(await ClaimMemberAsync(harness, node), JobState.Completed);

        Assert.Equal(["attempted", "complete", "succeeded"], await ToldAsync(harness));
    }

    [Fact]
    public async Task A_member_that_was_cancelled_before_it_ever_ran_and_is_retried_by_hand_is_not_attempted_a_second_time()
    {
        await using var harness = await StartAsync();
        await EnqueueAsync(harness, 2);
        var node = await harness.RegisterNodeAsync();
        var executes = await ClaimMemberAsync(harness, node);
        var waits = Assert.Single((await harness.Store.CancelAsync(
            new JobSelection(new JobFilter { Batch = "b", States = [JobState.Available] }, long.MinValue, 1), TestContext.Current.CancellationToken)).Jobs);
        await harness.ChangeAsync(harness.Store.RetryAsync, waits.Id);

        await harness.AcknowledgeAsync(await ClaimMemberAsync(harness, node), JobState.Completed);
        Assert.Equal(["cancelled"], await ToldAsync(harness));
        await harness.AcknowledgeAsync(executes, JobState.Completed);

        Assert.Equal(["attempted", "cancelled", "complete", "succeeded"], await ToldAsync(harness));
    }

    [Fact]
    public async Task A_rescue_that_discards_the_last_member_tells_of_it()
    {
        await using var harness = await StartAsync();
        await EnqueueAsync(harness, 1);
        for (var i = 0; i < 3; i++)
        {
            await harness.DieWithOneAsync();
            await harness.Store.RescueAsync(10, TestContext.Current.CancellationToken);
        }

        Assert.Equal(["attempted", "complete", "discarded"], await ToldAsync(harness));
    }

    [Fact]
    public async Task Callbacks_carry_the_counts_at_that_moment_the_times_and_the_metadata()
    {
        await using var harness = await StartAsync();
        await harness.MoveClockAsync(TimeSpan.Zero);
        await EnqueueAsync(harness, 3, """{"campaign": "spring"}""");
        await harness.MoveClockAsync(TimeSpan.FromMinutes(10));
        var members = await harness.ClaimAsync(await harness.RegisterNodeAsync());

        await harness.AcknowledgeAsync(members[0], JobState.Completed);
        await harness.AcknowledgeAsync(members[1], JobState.Discarded);

        var callback = Assert.Single(await harness.CallbacksAsync("b"));
        var args = JsonDocument.Parse(callback.Args).RootElement;
        Assert.Equal(
            ("discarded", "b", 3, 1, 0, 1, 1),
            (args.GetProperty("status").GetString(), args.GetProperty("batch_id").GetString(), args.GetProperty("total").GetInt32(), args.GetProperty("completed").GetInt32(),
                args.GetProperty("cancelled").GetInt32(), args.GetProperty("discarded").GetInt32(), args.GetProperty("pending").GetInt32()));
        Assert.Equal("spring", args.GetProperty("metadata").GetProperty("campaign").GetString());
        var took = args.GetProperty("occurred_at").GetDateTimeOffset() - args.GetProperty("inserted_at").GetDateTimeOffset();
        Assert.InRange(took, TimeSpan.FromMinutes(10), TimeSpan.FromMinutes(11));
    }

    [Fact]
    public async Task Each_callback_goes_to_its_own_worker_with_its_own_queue_priority_and_attempts()
    {
        await using var harness = await StartAsync();
        await harness.Store.EnqueueBatchAsync(
            new NewBatch("b"), AsyncEnumerable.Empty<NewJob>(),
            static () => [new(BatchCallbacks.Complete, "Admin", "admins", 3, 7, IsNamed: true), new(BatchCallbacks.Succeeded, "Clerk", "files", 9, 1, IsNamed: true)],
            EnqueueTerms.Alone, TestContext.Current.CancellationToken);

        var callbacks = await harness.CallbacksAsync("b");

        Assert.Equal(["Admin in admins", "Clerk in files"], callbacks.Select(job => $"{job.Worker} in {job.Queue}").Order());
        var admin = Assert.Single((await harness.Store.ClaimAsync("admins", ["Admin"], 1, Guid.NewGuid(), TestContext.Current.CancellationToken)).Jobs);
        Assert.Equal(7, admin.MaxAttempts);
    }

    static Task EnqueueAsync(StoreHarness harness, int size, string? metadata = null) => harness.Store.EnqueueBatchAsync(
        new NewBatch("b") { Metadata = metadata is null ? default(ReadOnlyMemory<byte>?) : System.Text.Encoding.UTF8.GetBytes(metadata) },
        Enumerable.Range(0, size).Select(i => StoreHarness.NewJob($"{i}")).ToAsyncEnumerable(),
        static () => [.. Enum.GetValues<BatchCallbacks>().Where(static kind => kind is not BatchCallbacks.None).Select(Listener)],
        EnqueueTerms.Alone, TestContext.Current.CancellationToken);

    // Of another queue, so that its jobs are not claimed with the members.
    static BatchListener Listener(BatchCallbacks kind) => new(kind, "Admin", "admins", 0, 3, IsNamed: true);

    static async Task<ClaimedJob> ClaimMemberAsync(StoreHarness harness, Guid node) => await harness.ClaimOneAsync(node);

    static async Task<IEnumerable<string>> ToldAsync(StoreHarness harness) =>
        (await harness.CallbacksAsync("b")).Select(static job => JsonDocument.Parse(job.Args).RootElement.GetProperty("status").GetString()!).Order(StringComparer.Ordinal);
}
