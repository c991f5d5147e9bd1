using System.Diagnostics;

namespace Jobs.Runtime.Tests.Behaviour;

/// <summary>A process that works nothing watches batches that another works on.</summary>
public sealed class WatchTests
{
    const int Batches = 8;

    // After so long a watch that is told of nothing looks once a second.
    static readonly TimeSpan UntilItLooksSeldom = TimeSpan.FromSeconds(2);

    // Of eight that look once a second, each at another moment, the last takes longer in all but one of 256 rounds.
    static readonly TimeSpan AtOnce = TimeSpan.FromMilliseconds(500);

    [Fact]
    public async Task The_end_of_a_batch_is_told_at_once_to_who_watches_it_from_another_process()
    {
        await using var node = await StartNodeAsync();
        await using var watcher = await node.StartAnotherAsync(static jobs => jobs.Configure(static options => options.Queues.Clear()));

        var rounds = new List<TimeSpan>();
        while (rounds.Count == 0 || (rounds.Count < 3 && rounds[^1] > AtOnce))
            rounds.Add(await LastIsToldAfterAsync(node, watcher, $"{rounds.Count}"));

        Assert.True(rounds[^1] < AtOnce, string.Join(", ", rounds));
        Assert.Equal(1, await ListenersAsync(node));
    }

    [Fact]
    public async Task Without_notifications_the_end_of_a_batch_is_seen_within_a_second_and_nobody_listens()
    {
        await using var node = await StartNodeAsync();
        await using var watcher = await node.StartAnotherAsync(static jobs => jobs.Configure(static options =>
        {
            options.Queues.Clear();
            options.Notifications = false;
        }));

        var after = await LastIsToldAfterAsync(node, watcher, "deaf");

        Assert.True(after < TimeSpan.FromSeconds(3), $"{after}");
        Assert.Equal(0, await ListenersAsync(node));
        Assert.Equal(0, await node.ScalarAsync<long>("SELECT count(*) FROM jobs.batches WHERE watched_until IS NOT NULL"));
    }

    [Fact]
    public async Task Progress_is_told_about_once_a_second_and_the_end_last()
    {
        await using var node = await StartNodeAsync();
        await using var watcher = await node.StartAnotherAsync(static jobs => jobs.Configure(static options => options.Queues.Clear()));
        node.Script.Greet = async (job, token) =>
        {
            await Task.Delay(TimeSpan.FromMilliseconds(100 * (job.Id % 40)), token);
            return JobOutcome.Complete;
        };
        await node.Client.EnqueueBatchAsync("b", Enumerable.Range(0, 40).Select(static i => Greeter.New(new Greeting($"{i}"))), cancellationToken: TestContext.Current.CancellationToken);
        var seen = new List<BatchProgress>();
        await foreach (var progress in watcher.Client.WatchAsync("b", TestContext.Current.CancellationToken))
            seen.Add(progress);

        Assert.True(seen[^1].Status.IsClosed);
        Assert.Equal(40, seen[^1].Status.Completed);
        Assert.InRange(seen.Count, 4, 20);
        Assert.Equal(seen.Select(static progress => progress.Status.Completed).Order(), seen.Select(static progress => progress.Status.Completed));
    }

    static Task<TestHost> StartNodeAsync() => TestHost.StartAsync(static jobs => jobs.Configure(static options => options.Queues["tests"] = 50), script => script.Greet = async (_, token) =>
    {
        await script.Signals.GetOrAdd("go on", static _ => new TaskCompletionSource()).Task.WaitAsync(token);
        return JobOutcome.Complete;
    });

    static async Task<TimeSpan> LastIsToldAfterAsync(TestHost node, TestHost watcher, string round)
    {
        var ids = Enumerable.Range(0, Batches).Select(i => $"{round}-{i}").ToList();
        foreach (var id in ids)
            await node.Client.EnqueueBatchAsync(id, [Greeter.New(new Greeting(id))], cancellationToken: TestContext.Current.CancellationToken);
        var watches = ids.Select(id => EndAsync(watcher, id)).ToList();
        await Task.Delay(UntilItLooksSeldom, TestContext.Current.CancellationToken);

        var goOn = Stopwatch.GetTimestamp();
        node.Script.Say("go on");
        var last = (await Task.WhenAll(watches)).Max();
        node.Script.Signals.TryRemove("go on", out _);
        return Stopwatch.GetElapsedTime(goOn, last);
    }

    static async Task<long> EndAsync(TestHost watcher, string id)
    {
        await watcher.Client.WaitAsync(id, TestContext.Current.CancellationToken);
        return Stopwatch.GetTimestamp();
    }

    static Task<long> ListenersAsync(TestHost node) => node.ScalarAsync<long>(
        """SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND query = 'LISTEN "jobs_batch"'""");
}
