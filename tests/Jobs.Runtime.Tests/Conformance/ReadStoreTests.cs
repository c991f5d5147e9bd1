using System.Text;

namespace Jobs.Runtime.Tests.Conformance;

/// <summary>What every store must tell of its jobs.</summary>
public abstract class ReadStoreTests
{
    private protected abstract Task<StoreHarness> StartAsync();

    [Fact]
    public async Task A_job_is_read_with_everything_that_is_stored_of_it()
    {
        await using var harness = await StartAsync();
        await harness.EnqueueBatchAsync("b", 1, StoreHarness.Mailer);
        var node = await harness.RegisterNodeAsync();
        var member = await harness.ClaimOneAsync(node);

        var job = await FindAsync(harness, member.Id);

        Assert.Equal((member.Id, JobState.Executing, "Mailer", "mail", 0, 1, 3, 0), (job.Id, job.State, job.Worker, job.Queue, job.Priority, job.Attempt, job.MaxAttempts, job.Crashes));
        Assert.Equal("""{"text": "b 0"}""", Encoding.UTF8.GetString(job.Args.Span));
        Assert.Equal(("b", null, $"node {node}"), (job.Batch, job.CallbackOf, job.Node));
        Assert.Empty(job.Errors);
        Assert.Empty(job.Tags);
        Assert.Empty(job.Meta);
        Assert.Equal((null, null, null, null), (job.Output, job.Progress, job.FinishedAt, job.CancelRequestedAt));
        Assert.InRange(job.InsertedAt, DateTimeOffset.UtcNow.AddMinutes(-5), DateTimeOffset.UtcNow.AddMinutes(5));
        Assert.Equal(TimeSpan.Zero, job.InsertedAt.Offset);
        Assert.InRange(job.AttemptedAt!.Value, job.InsertedAt, job.InsertedAt.AddMinutes(5));
        Assert.False(job.IsFinal);

        await harness.ChangeAsync(harness.Store.CancelAsync, member.Id);
        Assert.NotNull((await FindAsync(harness, member.Id)).CancelRequestedAt);
    }

    [Fact]
    public async Task A_job_is_read_with_its_errors_and_its_end()
    {
        await using var harness = await StartAsync();
        var node = await harness.RegisterNodeAsync();
        var id = await harness.EnqueueAsync(StoreHarness.NewJob() with { Tags = ["a", "b"], Meta = new Dictionary<string, string> { ["trace"] = "1" }, Priority = 4 });
        await harness.AcknowledgeAsync(await harness.ClaimOneAsync(node), JobState.Retryable, error: "first");
        await harness.Store.StageAsync(10, TestContext.Current.CancellationToken);
        await harness.AcknowledgeAsync(await harness.ClaimOneAsync(node), JobState.Discarded, error: "second");

        var job = await FindAsync(harness, id);

        Assert.Equal([(1, "first"), (2, "second")], job.Errors.Select(error => (error.Attempt, error.Text)));
        Assert.All(job.Errors, error => Assert.InRange(error.At, job.InsertedAt, job.FinishedAt!.Value));
        Assert.Equal((true, 4, null), (job.IsFinal, job.Priority, job.Node));
        Assert.Equal(["a", "b"], job.Tags);
        Assert.Equal([new("trace", "1")], job.Meta);
    }

    [Fact]
    public async Task A_callback_is_read_with_the_batch_that_it_tells_of()
    {
        await using var harness = await StartAsync();
        await harness.EnqueueBatchAsync("b", 0, StoreHarness.Mailer);

        var callback = Assert.Single((await ListAsync(harness, JobFilter.All)).Jobs);

        Assert.Equal((null, "b"), (callback.Batch, callback.CallbackOf));
    }

    [Theory]
    [InlineData(JobOrder.NewestFirst)]
    [InlineData(JobOrder.OldestFirst)]
    public async Task Pages_follow_each_other_without_a_gap_or_a_job_twice(JobOrder order)
    {
        await using var harness = await StartAsync();
        for (var i = 0; i < 10; i++)
            await harness.EnqueueAsync();

        var sizes = new List<int>();
        var ids = new List<long>();
        long? after = null;
        do
        {
            var page = await harness.Store.ListAsync(JobFilter.All, 5, after, order, TestContext.Current.CancellationToken);
            ids.AddRange(page.Jobs.Select(job => job.Id));
            sizes.Add(page.Jobs.Count);
            after = page.Next;
            if (order == JobOrder.NewestFirst)
                await harness.EnqueueAsync();   // moves nothing
        }
        while (after is not null);

        Assert.Equal([5, 5], sizes);
        Assert.Equal(order == JobOrder.NewestFirst ? ids.OrderDescending() : ids.Order(), ids);
        Assert.Equal(10, ids.Distinct().Count());
    }

    [Fact]
    public async Task A_page_of_large_jobs_has_fewer_of_them()
    {
        await using var harness = await StartAsync();
        var text = new string('x', 1_000_000);
        for (var i = 0; i < 20; i++)
            await harness.EnqueueAsync(StoreHarness.NewJob(text));

        var first = await ListAsync(harness, JobFilter.All);
        var second = await harness.Store.ListAsync(JobFilter.All, 100, first.Next, JobOrder.OldestFirst, TestContext.Current.CancellationToken);
        var third = await harness.Store.ListAsync(JobFilter.All, 100, second.Next, JobOrder.OldestFirst, TestContext.Current.CancellationToken);

        Assert.Equal((9, 9, 2), (first.Jobs.Count, second.Jobs.Count, third.Jobs.Count));
        Assert.Null(third.Next);
    }

    [Fact]
    public async Task Each_condition_of_a_filter_asks_for_what_it_says()
    {
        await using var harness = await StartAsync();
        await harness.EnqueueBatchAsync("b", 1);
        var member = await harness.BringOneToAsync(JobState.Completed);
        var tagged = await harness.EnqueueAsync(StoreHarness.NewJob() with { Tags = ["vip", "news"] });
        var elsewhere = await harness.EnqueueAsync(StoreHarness.NewJob("bye") with { Queue = "elsewhere", Tags = ["news"] });
        var other = await harness.EnqueueAsync(StoreHarness.NewJob(worker: StoreHarness.Worker("Other")));
        var finishedAt = (await FindAsync(harness, member)).FinishedAt!.Value;
        var insertedAt = (await FindAsync(harness, elsewhere)).InsertedAt;

        await AssertMeansAsync(JobFilter.All, member, tagged, elsewhere, other);
        await AssertMeansAsync(new JobFilter { States = [JobState.Completed, JobState.Cancelled] }, member);
        await AssertMeansAsync(new JobFilter { States = [] });
        await AssertMeansAsync(new JobFilter { Queues = ["elsewhere", "nowhere"] }, elsewhere);
        await AssertMeansAsync(new JobFilter { Workers = ["Other"] }, other);
        await AssertMeansAsync(new JobFilter { Batch = "b" }, member);
        await AssertMeansAsync(new JobFilter { Batch = "none" });
        await AssertMeansAsync(new JobFilter { AllTags = ["news", "vip"] }, tagged);
        await AssertMeansAsync(new JobFilter { AnyTags = ["vip", "news"] }, tagged, elsewhere);
        await AssertMeansAsync(new JobFilter { AnyTags = [] });
        await AssertMeansAsync(new JobFilter { Ids = [tagged, other, 999] }, tagged, other);
        await AssertMeansAsync(new JobFilter { Args = """{"text": "bye"}"""u8.ToArray() }, elsewhere);
        await AssertMeansAsync(new JobFilter { InsertedFrom = insertedAt }, elsewhere, other);
        await AssertMeansAsync(new JobFilter { InsertedBefore = insertedAt }, member, tagged);
        await AssertMeansAsync(new JobFilter { FinishedFrom = finishedAt }, member);
        await AssertMeansAsync(new JobFilter { FinishedBefore = finishedAt });
        await AssertMeansAsync(new JobFilter { States = [JobState.Available], Queues = ["mail"], AnyTags = ["news"] }, tagged);

        async Task AssertMeansAsync(JobFilter filter, params long[] ids)
        {
            Assert.Equal(ids, (await ListAsync(harness, filter)).Jobs.Select(job => job.Id));
            Assert.Equal(new JobCount(ids.Length, IsAtLeast: false), await harness.Store.CountAsync(filter, 100, TestContext.Current.CancellationToken));
        }
    }

    [Fact]
    public async Task A_count_stops_at_its_limit_and_says_so()
    {
        await using var harness = await StartAsync();
        for (var i = 0; i < 5; i++)
            await harness.EnqueueAsync();

        Assert.Equal(new JobCount(4, IsAtLeast: true), await harness.Store.CountAsync(JobFilter.All, 4, TestContext.Current.CancellationToken));
        Assert.Equal(new JobCount(5, IsAtLeast: false), await harness.Store.CountAsync(JobFilter.All, 5, TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Queues_are_counted_state_by_state_up_to_a_limit()
    {
        await using var harness = await StartAsync();
        foreach (var state in (JobState[])[JobState.Completed, JobState.Executing, JobState.Retryable, JobState.Scheduled])
            await harness.EnqueueInStateAsync(state);
        await harness.EnqueueAsync();
        await harness.DieWithOneAsync();
        await harness.Store.RescueAsync(10, TestContext.Current.CancellationToken);
        for (var i = 0; i < 5; i++)
        {
            await harness.EnqueueAsync();
            await harness.EnqueueAsync(StoreHarness.NewJob() with { Queue = "zoo" });
        }

        var exact = await harness.Store.CountQueuesAsync(100, TestContext.Current.CancellationToken);
        var bounded = await harness.Store.CountQueuesAsync(4, TestContext.Current.CancellationToken);

        Assert.Equal([new("mail", Exactly(6), Exactly(1), Exactly(1), Exactly(1)), new("zoo", Exactly(5), default, default, default)], exact);
        Assert.Equal([new("mail", AtLeast(4), Exactly(1), Exactly(1), Exactly(1)), new("zoo", AtLeast(4), default, default, default)], bounded);

        static JobCount Exactly(long count) => new(count, IsAtLeast: false);

        static JobCount AtLeast(long count) => new(count, IsAtLeast: true);
    }

    [Fact]
    public async Task What_has_ended_or_is_not_there_is_found_among_what_is_awaited()
    {
        await using var harness = await StartAsync();
        var ids = new Dictionary<JobState, long>();
        foreach (var state in Enum.GetValues<JobState>().OrderDescending())
            ids.Add(state, await harness.EnqueueInStateAsync(state));

        var ended = await harness.Store.FindEndedAsync([.. ids.Values, 999], TestContext.Current.CancellationToken);

        Assert.Equal([ids[JobState.Completed], ids[JobState.Cancelled], ids[JobState.Discarded], 999], ended.Order().OrderBy(id => ids.FirstOrDefault(pair => pair.Value == id, new((JobState)99, 0)).Key));
    }

    static async Task<Jobs.StoredJob> FindAsync(StoreHarness harness, long id) => Assert.Single((await ListAsync(harness, new JobFilter { Ids = [id] })).Jobs);

    static Task<JobPage> ListAsync(StoreHarness harness, JobFilter filter) =>
        harness.Store.ListAsync(filter, 100, null, JobOrder.OldestFirst, TestContext.Current.CancellationToken);
}
