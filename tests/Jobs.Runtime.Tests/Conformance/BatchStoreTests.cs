using System.Text.Json;
using Jobs.Store;

namespace Jobs.Runtime.Tests.Conformance;

/// <summary>What every store must do with batches.</summary>
public abstract class BatchStoreTests
{
    private protected abstract Task<StoreHarness> StartAsync();

    [Theory]
    [InlineData(JobState.Completed)]
    [InlineData(JobState.Cancelled)]
    [InlineData(JobState.Discarded)]
    public async Task The_last_outcome_closes_the_batch_and_enqueues_one_callback(JobState last)
    {
        await using var harness = await StartAsync();
        await harness.EnqueueBatchAsync("b", 3, StoreHarness.Mailer);
        var node = await harness.RegisterNodeAsync();
        var members = await harness.ClaimAsync(node);

        await harness.AcknowledgeAsync(members[0], JobState.Completed);
        await harness.AcknowledgeAsync(members[1], JobState.Completed);
        Assert.Empty(await harness.CallbacksAsync("b"));
        await harness.AcknowledgeAsync(members[2], last);

        var callback = Assert.Single(await harness.CallbacksAsync("b"));
        Assert.Equal((JobState.Available, "Mailer", "mail"), (callback.State, callback.Worker, callback.Queue));
        var args = JsonDocument.Parse(callback.Args).RootElement;
        Assert.Equal("complete", args.GetProperty("status").GetString());
        Assert.Equal("b", args.GetProperty("batch_id").GetString());
        Assert.Equal(3, args.GetProperty("total").GetInt32());
        Assert.Equal(last == JobState.Completed ? 3 : 2, args.GetProperty("completed").GetInt32());
        Assert.Equal(last == JobState.Cancelled ? 1 : 0, args.GetProperty("cancelled").GetInt32());
        Assert.Equal(last == JobState.Discarded ? 1 : 0, args.GetProperty("discarded").GetInt32());
        var status = await harness.StatusAsync("b");
        Assert.True(status.IsClosed);
        Assert.Equal(JobState.Available, status.CallbackState);
    }

    [Fact]
    public async Task One_acknowledgement_closes_many_batches_each_with_its_own_callback()
    {
        await using var harness = await StartAsync();
        for (var i = 0; i < 20; i++)
            await harness.EnqueueBatchAsync($"b{i}", 5, StoreHarness.Mailer);
        var members = await harness.ClaimAsync(await harness.RegisterNodeAsync(), limit: 100);

        var result = await harness.Store.AcknowledgeAsync(
            [.. members.Select(job => StoreHarness.Outcome(job, JobState.Completed))], TestContext.Current.CancellationToken);

        Assert.Equal(Enumerable.Range(0, 20).Select(i => $"b{i}").Order(), result.ClosedBatches.Order());
        Assert.Equal(["mail"], result.CallbackQueues);
        for (var i = 0; i < 20; i++)
            Assert.Single(await harness.CallbacksAsync($"b{i}"));
    }

    [Theory]
    [InlineData(JobState.Retryable)]
    [InlineData(JobState.Scheduled)]
    [InlineData(JobState.Available)]
    public async Task A_job_that_will_run_again_counts_nothing(JobState waiting)
    {
        await using var harness = await StartAsync();
        await harness.EnqueueBatchAsync("b", 1, StoreHarness.Mailer);
        var node = await harness.RegisterNodeAsync();

        await harness.AcknowledgeAsync(await harness.ClaimOneAsync(node), waiting);

        var status = await harness.StatusAsync("b");
        Assert.Equal((1, 1, waiting == JobState.Retryable ? 1 : 0), (status.Total, status.Pending, status.Retryable));
        Assert.False(status.IsClosed);

        await harness.Store.StageAsync(10, TestContext.Current.CancellationToken);
        await harness.AcknowledgeAsync(await harness.ClaimOneAsync(node), JobState.Completed);

        Assert.Equal(1, (await harness.StatusAsync("b")).Completed);
        Assert.Single(await harness.CallbacksAsync("b"));
    }

    [Fact]
    public async Task A_repeated_acknowledgement_counts_once()
    {
        await using var harness = await StartAsync();
        await harness.EnqueueBatchAsync("b", 2, StoreHarness.Mailer);
        var members = await harness.ClaimAsync(await harness.RegisterNodeAsync());

        await harness.AcknowledgeAsync(members[0], JobState.Completed);
        await harness.AcknowledgeAsync(members[0], JobState.Completed);

        Assert.Equal(1, (await harness.StatusAsync("b")).Pending);
        Assert.Empty(await harness.CallbacksAsync("b"));
    }

    [Fact]
    public async Task An_outcome_that_does_not_name_its_batch_changes_nothing()
    {
        await using var harness = await StartAsync();
        await harness.EnqueueBatchAsync("b", 1, StoreHarness.Mailer);
        var member = Assert.Single(await harness.ClaimAsync(await harness.RegisterNodeAsync()));

        var result = await harness.Store.AcknowledgeAsync(
            [StoreHarness.Outcome(member, JobState.Completed) with { Batch = null }], TestContext.Current.CancellationToken);

        Assert.Empty(result.Acknowledged);
        Assert.Equal(JobState.Executing, (await harness.FindJobAsync(member.Id))!.State);
        Assert.Equal(1, (await harness.StatusAsync("b")).Pending);
        Assert.True(await harness.AcknowledgeAsync(member, JobState.Completed));
        Assert.Single(await harness.CallbacksAsync("b"));
    }

    [Fact]
    public async Task One_acknowledgement_of_members_and_others_counts_the_members()
    {
        await using var harness = await StartAsync();
        await harness.EnqueueBatchAsync("b", 2, StoreHarness.Mailer);
        await harness.EnqueueAsync();
        var jobs = await harness.ClaimAsync(await harness.RegisterNodeAsync());

        var result = await harness.Store.AcknowledgeAsync(
            [.. jobs.Select(job => StoreHarness.Outcome(job, JobState.Completed))], TestContext.Current.CancellationToken);

        Assert.Equal(3, result.Acknowledged.Count);
        Assert.Equal(["b"], result.ClosedBatches);
        Assert.Single(await harness.CallbacksAsync("b"));
    }

    [Fact]
    public async Task A_rescue_that_discards_the_last_member_closes_the_batch()
    {
        await using var harness = await StartAsync();
        await harness.EnqueueBatchAsync("b", 1, StoreHarness.Mailer);

        for (var i = 0; i < 3; i++)
        {
            await harness.DieWithOneAsync();
            Assert.Empty(await harness.CallbacksAsync("b"));
            await harness.Store.RescueAsync(10, TestContext.Current.CancellationToken);
        }

        Assert.Equal(1, (await harness.StatusAsync("b")).Discarded);
        Assert.Single(await harness.CallbacksAsync("b"));
    }

    [Fact]
    public async Task An_empty_batch_closes_at_once()
    {
        await using var harness = await StartAsync();

        var told = await harness.EnqueueBatchAsync("told", 0, StoreHarness.Mailer);
        var untold = await harness.EnqueueBatchAsync("untold", 0);

        Assert.Equal((0, "Mailer"), (told.Total, told.CallbackWorker));
        Assert.Single(await harness.CallbacksAsync("told"));
        Assert.Null(untold.CallbackWorker);
        Assert.Empty(await harness.CallbacksAsync("untold"));
        Assert.True((await harness.StatusAsync("untold")).IsClosed);
    }

    [Fact]
    public async Task A_batch_that_exists_refuses_and_nothing_is_inserted()
    {
        await using var harness = await StartAsync();
        await harness.EnqueueBatchAsync("b", 3, StoreHarness.Mailer);

        var refused = await Assert.ThrowsAsync<BatchExistsException>(() => harness.EnqueueBatchAsync("b", 5));

        Assert.Equal(new BatchRef("b", 3) { CallbackWorker = "Mailer" }, refused.Batch);
        Assert.Equal(3, await harness.CountJobsAsync());
    }

    [Fact]
    public async Task A_batch_whose_source_breaks_leaves_nothing_behind()
    {
        await using var harness = await StartAsync();

        await Assert.ThrowsAsync<InvalidOperationException>(() => harness.Store.EnqueueBatchAsync(
            "b", Broken().ToAsyncEnumerable(), () => null, EnqueueTerms.Alone, TestContext.Current.CancellationToken));

        Assert.Equal(0, await harness.CountJobsAsync());
        Assert.Null(await harness.Store.FindBatchAsync("b", TestContext.Current.CancellationToken));

        static IEnumerable<NewJob> Broken()
        {
            for (var i = 0; i < 1_200; i++)
                yield return StoreHarness.NewJob();
            throw new InvalidOperationException("The source broke.");
        }
    }

    [Fact]
    public async Task Finished_rows_deleted_by_hand_change_nothing()
    {
        await using var harness = await StartAsync();
        await harness.EnqueueBatchAsync("b", 2, StoreHarness.Mailer);
        var members = await harness.ClaimAsync(await harness.RegisterNodeAsync());
        await harness.AcknowledgeAsync(members[0], JobState.Completed);
        await harness.DeleteJobAsync(members[0].Id);

        await harness.AcknowledgeAsync(members[1], JobState.Completed);

        var status = await harness.StatusAsync("b");
        Assert.Equal((2, 0, 2), (status.Total, status.Pending, status.Completed));
        Assert.Single(await harness.CallbacksAsync("b"));
    }

    [Fact]
    public async Task A_claimed_member_knows_its_batch()
    {
        await using var harness = await StartAsync();
        await harness.EnqueueBatchAsync("b", 2, StoreHarness.Mailer);

        var member = await harness.ClaimOneAsync(await harness.RegisterNodeAsync());

        Assert.Equal(new BatchRef("b", 2) { CallbackWorker = "Mailer" }, member.Batch);
    }

    [Fact]
    public async Task A_thousand_batches_of_two_acknowledged_by_eight_at_once_each_tell_once()
    {
        await using var harness = await StartAsync();
        for (var i = 0; i < 1_000; i++)
            await harness.EnqueueBatchAsync($"b{i}", 2, StoreHarness.Mailer);
        var node = await harness.RegisterNodeAsync();
        var members = await harness.ClaimAsync(node, limit: 2_000);
        var random = new Random(20261124);
        var shuffled = members.OrderBy(_ => random.Next()).ToArray();

        var closed = await Task.WhenAll(shuffled.Chunk(250).Select(share => Task.Run(async () =>
        {
            var batches = new List<string>();
            foreach (var flush in share.Chunk(25))
            {
                var result = await harness.Store.AcknowledgeAsync(
                    [.. flush.Select(job => StoreHarness.Outcome(job, JobState.Completed))], TestContext.Current.CancellationToken);
                batches.AddRange(result.ClosedBatches);
            }

            return batches;
        })));

        Assert.Equal(1_000, closed.Sum(batches => batches.Count));
        Assert.Equal(1_000, closed.SelectMany(batches => batches).Distinct().Count());
        Assert.Equal(3_000, await harness.CountJobsAsync());
    }
}
