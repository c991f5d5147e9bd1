using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Jobs.Runtime.Tests.Behaviour;

/// <summary>Jobs of a worker that gives an attempt one second.</summary>
public sealed class TimeoutTests
{
    static readonly Action<JobsBuilder> ShortGrace = static jobs => jobs.Configure(static options => options.TimeoutGrace = TimeSpan.FromMilliseconds(200));

    [Fact]
    public async Task An_attempt_that_ends_by_its_token_when_its_time_is_over_has_failed()
    {
        await using var host = await TestHost.StartAsync(script: script => script.Greet = static async (_, cancellationToken) =>
        {
            await Task.Delay(Timeout.Infinite, cancellationToken);
            return JobOutcome.Complete;
        });

        var job = await host.Client.EnqueueAsync(Hasty.New(new Errand("slow")), TestContext.Current.CancellationToken);

        await host.StateAsync(job.Id, "retryable");
        var error = await host.ScalarAsync<string>("SELECT errors->0->>'error' FROM jobs.jobs");
        Assert.StartsWith($"System.TimeoutException: Job {job.Id} (Jobs.Runtime.Tests.Behaviour.Hasty) took longer than its worker's timeout of 00:00:01.", error, StringComparison.Ordinal);
        Assert.Contains("TaskCanceledException", error, StringComparison.Ordinal);
        Assert.Equal(1, await host.ScalarAsync<short>("SELECT attempt FROM jobs.jobs"));
        Assert.Contains(host.Logs.Lines, line => line.Contains("failed attempt 1 of 3 with System.TimeoutException", StringComparison.Ordinal));
    }

    [Fact]
    public async Task What_an_attempt_returns_soon_after_its_time_is_over_counts_as_it_is()
    {
        await using var host = await TestHost.StartAsync(script: script => script.Greet = static async (_, cancellationToken) =>
        {
            await Task.Delay(Timeout.Infinite, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            return JobOutcome.CompleteWith("just in time");
        });

        var job = await host.Client.EnqueueAsync(Hasty.New(new Errand("slow")), TestContext.Current.CancellationToken);

        await host.StateAsync(job.Id, "completed");
        Assert.Equal("\"just in time\"", await host.ScalarAsync<string>("SELECT output::text FROM jobs.jobs"));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Code_that_goes_on_after_its_time_fails_once_keeps_its_place_and_its_late_outcome_is_dropped(bool blocks)
    {
        using var goOn = new ManualResetEventSlim();
        var late = new TaskCompletionSource<Exception?>(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var host = await TestHost.StartAsync(jobs => ShortGrace(jobs.AddQueue("narrow", concurrency: 1)));
        host.Script.Greet = async (job, _) =>
        {
            if (job.MaxAttempts == 9)
                return JobOutcome.Complete;
            if (!blocks)
                await Task.Yield();
            goOn.Wait(CancellationToken.None);
            late.SetResult(await Record.ExceptionAsync(() => job.CompleteAsync(static (_, _) => Task.CompletedTask, CancellationToken.None)));
            return JobOutcome.Discard("too late");
        };
        var deaf = await host.Client.EnqueueAsync(Hasty.New(new Errand("deaf")) with { Queue = "narrow" }, TestContext.Current.CancellationToken);
        await host.Script.Seen("began deaf");
        var next = await host.Client.EnqueueAsync(Hasty.New(new Errand("next")) with { Queue = "narrow", MaxAttempts = 9 }, TestContext.Current.CancellationToken);

        await host.StateAsync(deaf.Id, "retryable");
        await host.Logs.Seen($"Job {deaf.Id} (Jobs.Runtime.Tests.Behaviour.Hasty, queue \"narrow\") goes on 00:00:00.2000000 after its timeout of 00:00:01");
        var stillThere = await host.Client.EnqueueAsync(Hasty.New(new Errand("elsewhere")) with { MaxAttempts = 9 }, TestContext.Current.CancellationToken);
        await host.StateAsync(stillThere.Id, "completed");
        Assert.NotEqual("completed", await host.ScalarAsync<string>($"SELECT state::text FROM jobs.jobs WHERE id = {next.Id}"));
        goOn.Set();

        await host.StateAsync(next.Id, "completed");
        Assert.IsType<StaleJobException>(await late.Task.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken));
        await host.Logs.Seen($"Job {deaf.Id} (Jobs.Runtime.Tests.Behaviour.Hasty) returned after");
        Assert.Contains(host.Logs.Lines, line => line.Contains("Its outcome (Discarded) was dropped.", StringComparison.Ordinal));
        Assert.Equal("retryable 1 1", await host.ScalarAsync<string>($"SELECT concat_ws(' ', state, attempt, jsonb_array_length(errors)) FROM jobs.jobs WHERE id = {deaf.Id}"));
    }

    [Fact]
    public async Task A_host_whose_every_place_is_taken_by_code_that_goes_on_after_its_time_stops_with_an_exit_code()
    {
        using var goOn = new ManualResetEventSlim();
        await using var host = await TestHost.StartAsync(ShortGrace);
        host.Script.Greet = async (_, _) =>
        {
            await Task.Yield();
            goOn.Wait(CancellationToken.None);
            return JobOutcome.Complete;
        };
        var jobs = await host.Client.EnqueueManyAsync(Enumerable.Range(0, 6).Select(i => Hasty.New(new Errand($"{i}"))), TestContext.Current.CancellationToken);
        var isStopping = new TaskCompletionSource();
        host.Services.GetRequiredService<IHostApplicationLifetime>().ApplicationStopping.Register(isStopping.SetResult);

        await isStopping.Task.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);
        Assert.Equal(1, Environment.ExitCode);
        Environment.ExitCode = 0;
        await host.StopAsync().WaitAsync(TimeSpan.FromSeconds(10), TestContext.Current.CancellationToken);

        Assert.Equal(5, await host.ScalarAsync<long>("SELECT count(*) FROM jobs.jobs WHERE state = 'retryable' AND attempt = 1"));
        Assert.Equal("available 0", await host.ScalarAsync<string>($"SELECT concat_ws(' ', state, attempt) FROM jobs.jobs WHERE id = {jobs[5].Id}"));
        Assert.Equal(0, await host.ScalarAsync<long>("SELECT count(*) FROM jobs.nodes"));
        Assert.Contains(host.Logs.Lines, line => line.StartsWith("Critical: Every place of every queue", StringComparison.Ordinal));
        goOn.Set();
    }

    [Fact]
    public async Task A_job_with_a_timeout_is_given_back_by_a_host_that_stops_and_has_lost_no_attempt()
    {
        await using var host = await TestHost.StartAsync(jobs => jobs.Configure(options => options.ShutdownGrace = TimeSpan.Zero));
        host.Script.Greet = static async (_, cancellationToken) =>
        {
            await Task.Delay(Timeout.Infinite, cancellationToken);
            return JobOutcome.Complete;
        };
        await host.Client.EnqueueAsync(Hasty.New(new Errand("slow")), TestContext.Current.CancellationToken);
        await host.Script.Seen("began slow");

        await host.StopAsync();

        Assert.Equal("available 0", await host.ScalarAsync<string>("SELECT concat_ws(' ', state, attempt) FROM jobs.jobs"));
    }

    [Fact]
    public async Task A_job_that_a_node_died_with_and_that_goes_on_after_its_time_keeps_no_other_from_running()
    {
        using var goOn = new ManualResetEventSlim();
        await using var host = await TestHost.StartAsync(jobs => ShortGrace(jobs.Configure(options => options.NodeLease = TimeSpan.FromSeconds(3))));
        host.Script.Greet = async (job, _) =>
        {
            await Task.Yield();
            if (job.MaxAttempts == 2)
                goOn.Wait(CancellationToken.None);
            return JobOutcome.Complete;
        };
        foreach (var (text, attempts) in ((string, int)[])[("deaf", 2), ("good", 9)])
            await host.ExecuteAsync($$"""INSERT INTO jobs.jobs (queue, worker, max_attempts, crashes, args) VALUES ('tests', 'Jobs.Runtime.Tests.Behaviour.Hasty', {{attempts}}, 1, '{"text": "{{text}}"}')""");

        await host.UntilAsync<string>("SELECT string_agg(state::text, ' ' ORDER BY id) FROM jobs.jobs", states => states == "retryable completed");
        var job = await host.Client.EnqueueAsync(Hasty.New(new Errand("next")), TestContext.Current.CancellationToken);

        await host.StateAsync(job.Id, "completed");
        goOn.Set();
    }
}
