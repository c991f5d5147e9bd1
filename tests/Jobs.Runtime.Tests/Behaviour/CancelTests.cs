namespace Jobs.Runtime.Tests.Behaviour;

/// <summary>Jobs that are cancelled while a node has them.</summary>
public sealed class CancelTests
{
    static NewJob Greet(string text = "hello") => Greeter.New(new Greeting(text));

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task The_token_of_a_running_job_fires_within_a_second_on_whichever_node_it_runs(bool notifications)
    {
        await using var host = await TestHost.StartAsync(jobs => jobs.Configure(options => Quietly(options, notifications)), UntilCancelled);
        await using var caller = await host.StartAnotherAsync(jobs => jobs.Configure(options =>
        {
            Quietly(options, notifications);
            options.Queues.Clear();
        }));
        await host.Client.EnqueueBatchAsync("b", [Greet()], cancellationToken: TestContext.Current.CancellationToken);
        await host.Script.Seen("began");
        var id = await host.ScalarAsync<long>("SELECT id FROM jobs.jobs WHERE batch IS NOT NULL");

        var change = await caller.Client.CancelAsync(id, TestContext.Current.CancellationToken);
        await host.Script.Seen("fired").WaitAsync(TimeSpan.FromSeconds(notifications ? 1.5 : 3), TestContext.Current.CancellationToken);

        Assert.Equal(new JobChange(JobChangeOutcome.Done, JobState.Executing), change);
        Assert.Equal(JobState.Cancelled, (await caller.Client.WaitAsync(id, TestContext.Current.CancellationToken)).State);
        await host.Script.Seen("b: 0 completed, 1 cancelled, 0 discarded of 1");

        // With notifications the poll is far away; without them it is what fires.
        static void Quietly(JobsOptions options, bool notifications)
        {
            options.Notifications = notifications;
            options.PollInterval = notifications ? TimeSpan.FromSeconds(30) : TimeSpan.FromSeconds(1);
        }
    }

    [Fact]
    public async Task Running_jobs_are_cancelled_by_filter_and_the_others_of_the_node_run_on()
    {
        await using var host = await TestHost.StartAsync(script: UntilCancelled);
        var doomed = await host.Client.EnqueueManyAsync([Greet("1") with { Tags = ["doomed"] }, Greet("2") with { Tags = ["doomed"] }], TestContext.Current.CancellationToken);
        var spared = await host.Client.EnqueueAsync(Greet("3"), TestContext.Current.CancellationToken);
        await host.UntilAsync<long>("SELECT count(*) FROM jobs.jobs WHERE state = 'executing'", running => running == 3);

        Assert.Equal(2, await host.Client.CancelAsync(new JobFilter { AnyTags = ["doomed"] }, cancellationToken: TestContext.Current.CancellationToken));
        foreach (var job in doomed)
            Assert.Equal(JobState.Cancelled, (await host.Client.WaitAsync(job.Id, TestContext.Current.CancellationToken)).State);

        Assert.Equal(JobState.Executing, (await host.Client.FindAsync(spared.Id, TestContext.Current.CancellationToken))!.State);
        await host.Client.CancelAsync(spared.Id, TestContext.Current.CancellationToken);
        Assert.Equal(JobState.Cancelled, (await host.Client.WaitAsync(spared.Id, TestContext.Current.CancellationToken)).State);
    }

    [Fact]
    public async Task A_job_that_still_returns_normally_is_completed()
    {
        await using var host = await TestHost.StartAsync(script: script => script.Greet = async (_, cancellationToken) =>
        {
            script.Say("began");
            await Task.Delay(Timeout.Infinite, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            return JobOutcome.Complete;
        });
        var job = await host.Client.EnqueueAsync(Greet(), TestContext.Current.CancellationToken);
        await host.Script.Seen("began");

        await host.Client.CancelAsync(job.Id, TestContext.Current.CancellationToken);

        var ended = await host.Client.WaitAsync(job.Id, TestContext.Current.CancellationToken);
        Assert.Equal(JobState.Completed, ended.State);
        Assert.Equal(new JobChange(JobChangeOutcome.WrongState, JobState.Completed), await host.Client.CancelAsync(job.Id, TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task A_job_that_was_claimed_and_has_not_started_does_not_start()
    {
        await using var host = await TestHost.StartAsync(script: UntilCancelled);
        var blocking = await host.Client.EnqueueManyAsync(Enumerable.Range(0, 5).Select(i => Greet($"{i}")), TestContext.Current.CancellationToken);
        await host.UntilAsync<long>("SELECT count(*) FROM jobs.jobs WHERE state = 'executing'", running => running == 5);

        // As a claim leaves it whose answer is under way: the queue has no slot for it.
        var late = await host.Client.EnqueueAsync(Greet("late"), TestContext.Current.CancellationToken);
        await host.ExecuteAsync($"""
            UPDATE jobs.jobs
            SET state = 'executing', run = run + 1, attempt = 1, node = (SELECT id FROM jobs.nodes), attempted_at = now(), cancel_requested_at = now()
            WHERE id = {late.Id}
            """);
        await host.Client.CancelAsync(new JobFilter { Ids = [.. blocking.Select(job => job.Id)] }, cancellationToken: TestContext.Current.CancellationToken);
        foreach (var job in blocking)
            Assert.Equal(JobState.Cancelled, (await host.Client.WaitAsync(job.Id, TestContext.Current.CancellationToken)).State);
        await host.StopAsync();

        Assert.Equal("cancelled", await host.ScalarAsync<string>($"SELECT state::text FROM jobs.jobs WHERE id = {late.Id}"));
        Assert.DoesNotContain("late, attempt 1", host.Script.Events);
    }

    [Fact]
    public async Task A_suspect_that_runs_alone_is_cancelled_too()
    {
        await using var host = await TestHost.StartAsync(script: UntilCancelled);
        await host.ExecuteAsync("""INSERT INTO jobs.jobs (worker, queue, args, crashes) VALUES ('greeter', 'tests', '{"text": "suspect"}', 1)""");
        await host.Script.Seen("began");
        var id = await host.ScalarAsync<long>("SELECT max(id) FROM jobs.jobs");

        await host.Client.CancelAsync(id, TestContext.Current.CancellationToken);

        Assert.Equal(JobState.Cancelled, (await host.Client.WaitAsync(id, TestContext.Current.CancellationToken)).State);
    }

    [Fact]
    public async Task A_job_that_would_run_again_is_cancelled_instead()
    {
        await using var host = await TestHost.StartAsync(script: script => script.Greet = async (_, cancellationToken) =>
        {
            script.Say("began");
            await Task.Delay(Timeout.Infinite, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            return JobOutcome.Snooze(TimeSpan.FromHours(1));
        });
        var job = await host.Client.EnqueueAsync(Greet(), TestContext.Current.CancellationToken);
        await host.Script.Seen("began");

        await host.Client.CancelAsync(job.Id, TestContext.Current.CancellationToken);

        Assert.Equal(JobState.Cancelled, (await host.Client.WaitAsync(job.Id, TestContext.Current.CancellationToken)).State);
    }

    static void UntilCancelled(Script script) => script.Greet = async (_, cancellationToken) =>
    {
        script.Say("began");
        try
        {
            await Task.Delay(Timeout.Infinite, cancellationToken);
        }
        finally
        {
            script.Say("fired");
        }

        return JobOutcome.Complete;
    };
}
