using Jobs.Maintenance;
using Jobs.Store;

namespace Jobs.Runtime.Tests.Behaviour;

/// <summary>How long ended jobs and batches stay in the table.</summary>
public sealed class PruneTests
{
    [Fact]
    public async Task With_every_age_zero_a_batch_still_tells_once_and_nothing_is_left_of_it()
    {
        await using var host = await TestHost.StartAsync(static jobs => jobs.Configure(options =>
        {
            options.PollInterval = TimeSpan.FromMilliseconds(10);
            (options.Retention.Completed, options.Retention.Cancelled, options.Retention.Discarded, options.Retention.Batches) =
                (TimeSpan.Zero, TimeSpan.Zero, TimeSpan.Zero, TimeSpan.Zero);
        }));

        await host.Client.EnqueueBatchAsync("short", Enumerable.Range(0, 500).Select(i => Greeter.New(new Greeting($"{i}"))), cancellationToken: TestContext.Current.CancellationToken);
        await host.UntilAsync<long>("SELECT count(*) FROM jobs.jobs", count => count == 0);
        await host.UntilAsync<long>("SELECT count(*) FROM jobs.batches", count => count == 0);

        Assert.Equal(1, host.Script.Events.Count(seen => seen.StartsWith("short: 500 completed", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task By_default_a_completed_job_stays_a_day_a_cancelled_one_a_week_and_a_discarded_one_and_a_batch_a_month()
    {
        await using var host = await TestHost.StartAsync(static jobs => jobs.Configure(options => options.PollInterval = TimeSpan.FromMilliseconds(10)));
        await host.ExecuteAsync("""
            INSERT INTO jobs.jobs (worker, state, finished_at)
            SELECT days::text, state::jobs.job_state, now() - days * interval '1 day' + minutes * interval '1 minute'
            FROM (VALUES ('completed', 1), ('cancelled', 7), ('discarded', 30)) AS kept (state, days), (VALUES (-5), (5)) AS around (minutes);
            INSERT INTO jobs.batches (id, pending, sealed_at, closed_at)
            SELECT minutes::text, 0, now() - interval '30 days', now() - interval '30 days' + minutes * interval '1 minute'
            FROM (VALUES (-5), (5)) AS around (minutes)
            """);

        await host.UntilAsync<long>("SELECT count(*) FROM jobs.batches", count => count == 1);
        await host.UntilAsync<long>("SELECT count(*) FROM jobs.jobs", count => count == 3);

        Assert.Equal("5", await host.ScalarAsync<string>("SELECT id FROM jobs.batches"));
        Assert.Equal("1 30 7", await host.ScalarAsync<string>("SELECT string_agg(worker, ' ' ORDER BY worker) FROM jobs.jobs WHERE finished_at > now() - (worker || ' days')::interval"));
    }

    [Fact]
    public void Each_age_is_one_rule_and_what_is_kept_for_ever_is_in_none()
    {
        var retention = new RetentionOptions { Completed = TimeSpan.FromHours(2), Cancelled = null, Discarded = Timeout.InfiniteTimeSpan };
        retention.Queues["quick"] = new RetentionOverride { Completed = TimeSpan.FromHours(1), Discarded = TimeSpan.FromHours(3) };
        retention.Queues["kept"] = new RetentionOverride { Completed = Timeout.InfiniteTimeSpan };
        retention.Workers["Quick"] = new RetentionOverride { Completed = TimeSpan.FromHours(1) };
        retention.Workers["Usual"] = new RetentionOverride { Completed = TimeSpan.FromHours(2) };

        var rules = PruneRules.Of(retention);

        Assert.Equal(
            [
                "Completed 1: workers Quick not Usual, queues quick not kept",
                "Completed 2: workers Usual not Quick, queues  not quick kept, and the rest",
                "Discarded 3: workers  not , queues quick not ",
            ],
            rules.Select(Text));

        static string Text(PruneRule rule) =>
            $"{rule.State} {rule.Age.TotalHours}: workers {string.Join(' ', rule.Workers)} not {string.Join(' ', rule.OtherWorkers)}, " +
            $"queues {string.Join(' ', rule.Queues)} not {string.Join(' ', rule.OtherQueues)}{(rule.AndTheRest ? ", and the rest" : "")}";
    }
}
