namespace Jobs.Runtime.Tests.Behaviour;

/// <summary>A worker that says itself how long its failed jobs wait, by a method that it inherits.</summary>
public sealed class BackoffTests
{
    [Theory]
    [InlineData(typeof(FormatException), 7 * 60, 7 * 60)]
    [InlineData(typeof(TimeoutException), 3600 + 17, 3600 + 19)]
    public async Task A_failed_job_waits_as_long_as_its_worker_says(Type error, int least, int most)
    {
        await using var host = await TestHost.StartAsync(script: script => script.Greet = (_, _) => throw (Exception)Activator.CreateInstance(error)!);

        var job = await host.Client.EnqueueAsync(Stubborn.New(new Errand("")), TestContext.Current.CancellationToken);

        await host.StateAsync(job.Id, "retryable");
        Assert.InRange(await WaitsAsync(host), least - 5, most);
    }

    [Theory]
    [InlineData(typeof(InvalidTimeZoneException), "returned -00:00:01")]
    [InlineData(typeof(ArithmeticException), "threw System.NotSupportedException")]
    public async Task A_backoff_that_throws_or_is_negative_gives_way_to_the_default_and_is_logged_without_its_message(Type error, string what)
    {
        await using var host = await TestHost.StartAsync(script: script => script.Greet = (_, _) => throw (Exception)Activator.CreateInstance(error)!);

        var job = await host.Client.EnqueueAsync(Stubborn.New(new Errand("")), TestContext.Current.CancellationToken);

        await host.StateAsync(job.Id, "retryable");
        Assert.InRange(await WaitsAsync(host), 12, 19);
        Assert.Contains(host.Logs.Lines, line => line.StartsWith("Error: The [Backoff] of Jobs.Runtime.Tests.Behaviour.Stubborn " + what, StringComparison.Ordinal));
        Assert.DoesNotContain(host.Logs.Lines, line => line.Contains("canary", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_backoff_is_not_asked_after_the_last_attempt_nor_for_a_delay_that_the_job_chose_itself()
    {
        await using var host = await TestHost.StartAsync(script: script => script.Greet = (job, _) =>
            job.MaxAttempts == 1 ? throw new ArithmeticException() : Task.FromResult(JobOutcome.RetryAfter(TimeSpan.FromHours(5), "not yet")));

        var last = await host.Client.EnqueueAsync(Stubborn.New(new Errand("")) with { MaxAttempts = 1 }, TestContext.Current.CancellationToken);
        await host.StateAsync(last.Id, "discarded");
        await host.ExecuteAsync("DELETE FROM jobs.jobs");
        var own = await host.Client.EnqueueAsync(Stubborn.New(new Errand("")), TestContext.Current.CancellationToken);
        await host.StateAsync(own.Id, "retryable");

        Assert.InRange(await WaitsAsync(host), 5 * 3600 - 5, 5 * 3600);
        Assert.DoesNotContain(host.Logs.Lines, line => line.Contains("[Backoff]", StringComparison.Ordinal));
    }

    static Task<double> WaitsAsync(TestHost host) => host.ScalarAsync<double>("SELECT extract(epoch FROM scheduled_at - jobs.clock())::float8 FROM jobs.jobs");
}
