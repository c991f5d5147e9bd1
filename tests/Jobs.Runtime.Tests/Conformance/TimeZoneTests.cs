using Jobs.Store;
using Npgsql;

namespace Jobs.Runtime.Tests.Conformance;

/// <summary>Sessions in New York at noon before the nights in which its clocks change, when a day of that zone has 23 or 25 hours.</summary>
public sealed class TimeZoneTests
{
    const string Zone = "America/New_York";

    static readonly TimeSpan Day = TimeSpan.FromHours(24);

    public static TheoryData<string, int> Nights => new() { { "2040-03-10 12:00", 23 }, { "2040-11-03 12:00", 25 } };

    [Theory, MemberData(nameof(Nights))]
    public async Task A_delay_of_a_day_is_24_hours_however_it_is_given(string noon, int hours)
    {
        await using var harness = await StartAsync(noon, hours);
        var node = await harness.RegisterNodeAsync();
        var later = StoreHarness.NewJob() with { ScheduleIn = Day };
        var ids = new List<long> { await harness.EnqueueAsync(later) };
        await using (var connection = new NpgsqlConnection(harness.ConnectionString))
        {
            await connection.OpenAsync(TestContext.Current.CancellationToken);
            await using var transaction = await connection.BeginTransactionAsync(TestContext.Current.CancellationToken);
            var callers = new EnqueueTerms(transaction, null, []);
            ids.Add((await harness.Store.EnqueueAsync(later, callers, TestContext.Current.CancellationToken)).Id);
            foreach (var many in new[] { 2, 60 })
                ids.AddRange((await harness.Store.EnqueueAsync(Enumerable.Repeat(later, many).ToAsyncEnumerable(), callers, TestContext.Current.CancellationToken)).Select(static job => job.Id));
            await transaction.CommitAsync(TestContext.Current.CancellationToken);
        }

        foreach (var state in new[] { JobState.Retryable, JobState.Scheduled })
        {
            ids.Add(await harness.EnqueueAsync());
            Assert.True(await harness.AcknowledgeAsync(await harness.ClaimOneAsync(node), state, Day));
        }

        ids.Add(await harness.EnqueueAsync());
        Assert.True((await harness.EditAsync(ids[^1], new JobEdit { ScheduleIn = Day }))!.Value.IsChanged);

        foreach (var id in ids)
            Assert.InRange((await harness.FindJobAsync(id))!.DueIn, Day - TimeSpan.FromMinutes(1), Day);
        await MoveToAsync(harness, noon, Day - TimeSpan.FromMinutes(2));
        Assert.Equal(0, (await harness.Store.StageAsync(1_000, TestContext.Current.CancellationToken)).Count);
        await MoveToAsync(harness, noon, Day + TimeSpan.FromMinutes(2));
        Assert.Equal(ids.Count, (await harness.Store.StageAsync(1_000, TestContext.Current.CancellationToken)).Count);
    }

    [Theory, MemberData(nameof(Nights))]
    public async Task A_period_of_a_day_is_24_hours_from_the_enqueue_and_from_when_the_job_is_due(string noon, int hours)
    {
        await using var harness = await StartAsync(noon, hours);
        var since = new[] { UniqueSince.Enqueued, UniqueSince.Due }.Select(since => new Uniqueness { Period = Day, Since = since }).ToList();
        var first = await EnqueueAsync();

        await MoveToAsync(harness, noon, Day - TimeSpan.FromMinutes(2));
        var again = await EnqueueAsync();
        await MoveToAsync(harness, noon, Day + TimeSpan.FromMinutes(2));
        var next = await EnqueueAsync();

        Assert.Equal(first, again);
        Assert.Empty(first.Intersect(next));

        // In the caller's transaction, each alone and among many.
        async Task<IReadOnlyList<long>> EnqueueAsync()
        {
            await using var connection = new NpgsqlConnection(harness.ConnectionString);
            await connection.OpenAsync(TestContext.Current.CancellationToken);
            await using var transaction = await connection.BeginTransactionAsync(TestContext.Current.CancellationToken);
            var callers = new EnqueueTerms(transaction, null, []);
            var ids = new List<long>();
            foreach (var terms in since)
            {
                ids.Add((await harness.Store.EnqueueAsync(StoreHarness.UniqueJob($"alone {terms.Since}", terms), callers, TestContext.Current.CancellationToken)).Id);
                ids.AddRange((await harness.Store.EnqueueAsync(
                    Enumerable.Range(0, 60).Select(i => StoreHarness.UniqueJob($"{i} {terms.Since}", terms)).ToAsyncEnumerable(), callers, TestContext.Current.CancellationToken)).Select(static job => job.Id));
            }

            await transaction.CommitAsync(TestContext.Current.CancellationToken);
            return ids;
        }
    }

    [Theory, MemberData(nameof(Nights))]
    public async Task A_job_that_is_kept_for_a_day_is_kept_for_24_hours_and_a_lease_of_a_day_is_as_long(string noon, int hours)
    {
        await using var harness = await StartAsync(noon, hours);
        var node = await harness.RegisterNodeAsync(Day);
        await harness.EnqueueAsync();
        await harness.AcknowledgeAsync(await harness.ClaimOneAsync(node), JobState.Completed);
        var rule = new PruneRule(JobState.Completed, Day, [], [], [], [], AndTheRest: true);

        await MoveToAsync(harness, noon, Day - TimeSpan.FromMinutes(2));
        Assert.Empty((await harness.Store.RescueAsync(10, TestContext.Current.CancellationToken)).DeadNodes);
        Assert.Equal(0, (await harness.Store.PruneAsync(rule, WalkMark.Start, 10, TestContext.Current.CancellationToken)).Pruned);
        await MoveToAsync(harness, noon, Day + TimeSpan.FromMinutes(2));
        Assert.Single((await harness.Store.RescueAsync(10, TestContext.Current.CancellationToken)).DeadNodes);
        Assert.Equal(1, (await harness.Store.PruneAsync(rule, WalkMark.Start, 10, TestContext.Current.CancellationToken)).Pruned);
    }

    static async Task<PostgresHarness> StartAsync(string noon, int hours)
    {
        var harness = await PostgresHarness.StartAsync($"timezone = '{Zone}'");
        await using var connection = new NpgsqlConnection(harness.ConnectionString);
        await connection.OpenAsync(TestContext.Current.CancellationToken);
        await using var day = new NpgsqlCommand($"SELECT (extract(epoch FROM timestamptz '{noon}' + interval '1 day' - timestamptz '{noon}') / 3600)::integer", connection);
        Assert.Equal(hours, await day.ExecuteScalarAsync(TestContext.Current.CancellationToken));
        await MoveToAsync(harness, noon, TimeSpan.Zero);
        return harness;
    }

    static async Task MoveToAsync(PostgresHarness harness, string noon, TimeSpan and) =>
        await harness.MoveClockAsync(and + (TimeSpan)(await harness.ScalarAsync($"SELECT timestamp '{noon}' AT TIME ZONE '{Zone}' - now()"))!);
}
