using System.Text.Json;
using Jobs.Store;

namespace Jobs.Runtime.Tests.Conformance;

/// <summary>What every store must do with jobs that are enqueued, few or many, one by one or in a batch.</summary>
public abstract class EnqueueStoreTests
{
    private protected abstract Task<StoreHarness> StartAsync();

    [Theory]
    [InlineData(1, false)]
    [InlineData(7, false)]
    [InlineData(4_500, false)]
    [InlineData(1, true)]
    [InlineData(7, true)]
    [InlineData(4_500, true)]
    public async Task A_job_is_stored_as_it_was_made_however_many_come_with_it(int count, bool inBatch)
    {
        await using var harness = await StartAsync();
        var job = StoreHarness.NewJob("ä \"quoted\" \\ 🎈\n\t") with
        {
            Queue = "søndag 🎈",
            Priority = 7,
            MaxAttempts = 1000,
            ScheduleIn = TimeSpan.FromHours(1),
            Tags = ["ä \"quoted\" \\ 🎈", "{a,b}", "NULL"],
            Meta = new Dictionary<string, string> { ["trace \"1\""] = "\\ 🎈\n", [""] = "" },
        };
        var source = Enumerable.Repeat(job, count).ToAsyncEnumerable();

        if (inBatch)
            await harness.Store.EnqueueBatchAsync("b", source, () => null, EnqueueTerms.Alone, TestContext.Current.CancellationToken);
        else
            await harness.Store.EnqueueAsync(source, EnqueueTerms.Alone, TestContext.Current.CancellationToken);
        var node = await harness.RegisterNodeAsync();
        Assert.Empty((await harness.Store.ClaimAsync(job.Queue, StoreHarness.Known, 10, node, TestContext.Current.CancellationToken)).Jobs);
        await harness.MoveClockAsync(TimeSpan.FromMinutes(61));
        await harness.Store.StageAsync(10_000, TestContext.Current.CancellationToken);
        var claimed = await harness.Store.ClaimAsync(job.Queue, StoreHarness.Known, 10_000, node, TestContext.Current.CancellationToken);

        Assert.Equal(count, claimed.Jobs.Count);
        Assert.All(claimed.Jobs, stored =>
        {
            Assert.Equal(("Mailer", job.Queue, 1000, inBatch ? "b" : null), (stored.Worker, stored.Queue, stored.MaxAttempts, stored.Batch?.Id));
            Assert.Equal("ä \"quoted\" \\ 🎈\n\t", JsonDocument.Parse(stored.Args!.Value).RootElement.GetProperty("text").GetString());
            Assert.Equal(job.Tags, stored.Tags);
            Assert.Equal(job.Meta.OrderBy(pair => pair.Key), JobMeta.Read(stored.Meta).OrderBy(pair => pair.Key));
        });
        Assert.Equal(claimed.Jobs.Select(stored => stored.Id).Order(), claimed.Jobs.Select(stored => stored.Id));
    }

    [Fact]
    public async Task A_job_that_is_stored_as_started_is_told_of_as_one_that_was_claimed()
    {
        await using var harness = await StartAsync();
        var node = await harness.RegisterNodeAsync();
        var job = StoreHarness.NewJob("ä \"quoted\" \\ 🎈\n\t") with
        {
            Priority = 7,
            MaxAttempts = 1000,
            Tags = ["ä \"quoted\" \\ 🎈", "{a,b}", "NULL"],
            Meta = new Dictionary<string, string> { ["trace \"1\""] = "\\ 🎈\n", [""] = "" },
        };

        await harness.EnqueueAsync(job);
        var claimed = await harness.ClaimOneAsync(node);
        var started = await harness.Store.EnqueueStartedAsync(job, node, TestContext.Current.CancellationToken);

        Assert.Equal(Told(claimed), Told(started));
        Assert.Empty(await harness.ClaimAsync(node));
        Assert.True(await harness.AcknowledgeAsync(started, JobState.Completed));

        static string Told(ClaimedJob job) => JsonSerializer.Serialize(job with { Id = 0 });
    }

    [Theory]
    [InlineData(1)]
    [InlineData(300)]
    public async Task What_is_due_decides_the_state_by_the_stores_clock_one_job_at_a_time(int ofEach)
    {
        await using var harness = await StartAsync();
        await harness.MoveClockAsync(TimeSpan.FromDays(1));
        var job = StoreHarness.NewJob();
        NewJob[] kinds =
        [
            job,
            job with { ScheduleIn = TimeSpan.Zero },
            job with { ScheduleIn = TimeSpan.FromMinutes(1) },
            job with { ScheduleAt = DateTimeOffset.UtcNow.AddHours(23) },
            job with { ScheduleAt = DateTimeOffset.UtcNow.AddHours(25) },
            job with { ScheduleAt = new DateTimeOffset(9999, 12, 31, 23, 59, 59, TimeSpan.Zero) },
        ];

        var ids = await harness.Store.EnqueueAsync(
            kinds.SelectMany(kind => Enumerable.Repeat(kind, ofEach)).ToAsyncEnumerable(), EnqueueTerms.Alone, TestContext.Current.CancellationToken);

        var states = new List<JobState>();
        for (var kind = 0; kind < kinds.Length; kind++)
            states.Add((await harness.FindJobAsync(ids[kind * ofEach].Id))!.State);
        Assert.Equal([JobState.Available, JobState.Available, JobState.Scheduled, JobState.Available, JobState.Scheduled, JobState.Scheduled], states);
        Assert.InRange((await harness.FindJobAsync(ids[2 * ofEach].Id))!.DueIn, TimeSpan.FromSeconds(50), TimeSpan.FromSeconds(60));
    }

    [Fact]
    public async Task Progress_is_told_after_each_chunk_and_ends_with_all()
    {
        await using var harness = await StartAsync();
        var told = new Told();

        await harness.Store.EnqueueBatchAsync(
            "b", Enumerable.Range(0, 5_000).Select(_ => StoreHarness.NewJob()).ToAsyncEnumerable(), () => null,
            EnqueueTerms.Alone with { Progress = told }, TestContext.Current.CancellationToken);

        Assert.True(told.Counts.Count > 1);
        Assert.Equal(told.Counts.Order(), told.Counts);
        Assert.Equal(5_000, told.Counts[^1]);
    }

    [Fact]
    public async Task Large_args_are_sent_in_more_and_smaller_chunks()
    {
        await using var harness = await StartAsync();
        var told = new Told();
        var text = new string('x', 200_000);

        var ids = await harness.Store.EnqueueAsync(
            Enumerable.Range(0, 60).Select(_ => StoreHarness.NewJob(text)).ToAsyncEnumerable(), EnqueueTerms.Alone with { Progress = told }, TestContext.Current.CancellationToken);

        Assert.Equal(60, ids.Count);
        Assert.InRange(told.Counts.Count, 8, 60);
        Assert.Equal(60, await harness.CountJobsAsync());
    }

    [Fact]
    public async Task An_enqueue_that_is_cancelled_midway_stores_nothing()
    {
        await using var harness = await StartAsync();
        using var cancel = new CancellationTokenSource();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() =>
            harness.Store.EnqueueBatchAsync("b", Endless().ToAsyncEnumerable(), () => null, EnqueueTerms.Alone, cancel.Token));

        Assert.Equal(0, await harness.CountJobsAsync());
        Assert.Null(await harness.Store.FindBatchAsync("b", TestContext.Current.CancellationToken));

        IEnumerable<NewJob> Endless()
        {
            for (var i = 0; ; i++)
            {
                if (i == 5_000)
                    cancel.Cancel();
                yield return StoreHarness.NewJob();
            }
        }
    }

    sealed class Told : IProgress<long>
    {
        public List<long> Counts { get; } = [];

        public void Report(long value) => Counts.Add(value);
    }
}
