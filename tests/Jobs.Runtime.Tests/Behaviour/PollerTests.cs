using Jobs.Queues;
using Jobs.Store;

namespace Jobs.Runtime.Tests.Behaviour;

/// <summary>What a node finds by looking, or is told to look for: work, and running jobs to cancel.</summary>
public sealed class PollerTests
{
    [Fact]
    public async Task Each_of_many_queues_finds_work_that_nobody_told_it_of()
    {
        await using var host = await TestHost.StartAsync(static jobs =>
        {
            for (var i = 0; i < 10; i++)
                jobs.AddQueue($"queue {i}", 1);
        });

        await host.ExecuteAsync("INSERT INTO jobs.jobs (queue, worker, args) SELECT 'queue ' || i, 'greeter', jsonb_build_object('text', i) FROM generate_series(0, 9) AS i");

        for (var i = 0; i < 10; i++)
            await host.UntilAsync<long>($"SELECT count(*) FROM jobs.jobs WHERE queue = 'queue {i}' AND attempt = 1", static count => count == 1);
    }

    [Fact]
    public async Task A_running_job_that_is_to_be_cancelled_has_its_token_fired_by_polling()
    {
        await using var host = await TestHost.StartAsync(static jobs => jobs.Configure(options => options.Notifications = false), UntilCancelled);
        var job = await host.Client.EnqueueAsync(Greeter.New(new Greeting("cancel me")), TestContext.Current.CancellationToken);
        await host.Script.Seen($"began {job.Id}");

        await host.ExecuteAsync($"UPDATE jobs.jobs SET cancel_requested_at = now() WHERE id = {job.Id}");

        await host.Script.Seen($"cancelled {job.Id}");
    }

    [Fact]
    public async Task A_node_that_is_told_to_look_cancels_at_once_and_only_the_run_that_was_meant()
    {
        await using var host = await TestHost.StartAsync(static jobs => jobs.Configure(options => options.PollInterval = TimeSpan.FromMinutes(1)), UntilCancelled);
        await host.UntilAsync<long>("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'LISTEN%'", count => count == 1);
        var jobs = await host.Client.EnqueueManyAsync(Enumerable.Range(0, 2).Select(i => Greeter.New(new Greeting($"{i}"))), TestContext.Current.CancellationToken);
        await host.Script.Seen($"began {jobs[0].Id}");
        await host.Script.Seen($"began {jobs[1].Id}");

        await host.ExecuteAsync($"UPDATE jobs.jobs SET cancel_requested_at = now() WHERE id = {jobs[0].Id}; NOTIFY jobs_control");

        await host.Script.Seen($"cancelled {jobs[0].Id}");
        Assert.DoesNotContain($"cancelled {jobs[1].Id}", host.Script.Events);
    }

    [Fact]
    public async Task A_job_is_cancelled_while_its_host_waits_for_it_to_stop()
    {
        await using var host = await TestHost.StartAsync(script: UntilCancelled);
        var job = await host.Client.EnqueueAsync(Greeter.New(new Greeting("cancel me")), TestContext.Current.CancellationToken);
        await host.Script.Seen($"began {job.Id}");

        var stopping = host.StopAsync();
        await host.Logs.Seen("stopped claiming");
        await host.ExecuteAsync($"UPDATE jobs.jobs SET cancel_requested_at = now() WHERE id = {job.Id}");

        await stopping.WaitAsync(TimeSpan.FromSeconds(10), TestContext.Current.CancellationToken);
        Assert.Contains($"cancelled {job.Id}", host.Script.Events);
    }

    [Fact]
    public void A_job_is_cancelled_once_before_it_starts_or_while_it_runs_and_not_after_its_outcome_is_decided()
    {
        var held = new HeldJobs();
        var (ready, running, decided) = (Claimed(1), Claimed(2), Claimed(3));
        var cancelled = new List<long>();
        foreach (var job in new[] { ready, running, decided })
            Assert.True(held.TryAdd(job));

        held.Cancel(ready.Id, ready.Run);
        Assert.False(held.WhenCancelled(running, () => cancelled.Add(running.Id)));
        Assert.False(held.WhenCancelled(decided, () => cancelled.Add(decided.Id)));
        Assert.True(held.TryTake(decided));
        held.Cancel(decided.Id, decided.Run);
        held.Cancel(running.Id, running.Run + 1);
        Assert.Empty(cancelled);
        held.Cancel(running.Id, running.Run);
        held.Cancel(running.Id, running.Run);

        Assert.Equal([running.Id], cancelled);
        Assert.True(held.WhenCancelled(ready, () => cancelled.Add(ready.Id)));
        Assert.Equal([running.Id], cancelled);

        static ClaimedJob Claimed(long id) => new(id, 7, Guid.Empty, "greeter", "tests", default, 1, 3, null);
    }

    static void UntilCancelled(Script script) => script.Greet = async (job, cancellationToken) =>
    {
        script.Say($"began {job.Id}");
        await Task.Delay(Timeout.Infinite, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        script.Say($"cancelled {job.Id}");
        return JobOutcome.Complete;
    };
}
