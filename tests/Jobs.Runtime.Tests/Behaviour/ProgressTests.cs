namespace Jobs.Runtime.Tests.Behaviour;

public sealed class ProgressTests
{
    [Fact]
    public async Task What_a_running_job_tells_of_its_progress_comes_with_the_lease_and_at_last_with_its_outcome()
    {
        await using var host = await TestHost.StartAsync(jobs => jobs.Configure(options => options.NodeLease = TimeSpan.FromSeconds(3)));
        var goOn = new TaskCompletionSource();
        host.Script.Greet = async (job, _) =>
        {
            job.ReportProgress(2, 10, "half\0way \ud83d \"there\"");
            job.ReportProgress(3, 10, "half\0way \ud83d \"there\"");
            await goOn.Task;
            job.ReportProgress(9);
            throw new FormatException();
        };

        var job = await host.Client.EnqueueAsync(Greeter.New(new Greeting("hello")), TestContext.Current.CancellationToken);

        var told = await host.UntilAsync<string>("SELECT coalesce(progress::text, '') FROM jobs.jobs", progress => progress != "");
        Assert.Equal("""{"done": 3, "note": "half\uFFFDway \uFFFD \"there\"", "total": 10}""".Replace("\\uFFFD", "\uFFFD", StringComparison.Ordinal), told);
        goOn.SetResult();
        await host.StateAsync(job.Id, "retryable");
        Assert.Equal("""{"done": 9}""", await host.ScalarAsync<string>("SELECT progress::text FROM jobs.jobs"));
    }

    [Fact]
    public async Task Progress_that_did_not_change_is_not_written_again()
    {
        await using var host = await TestHost.StartAsync(jobs => jobs.Configure(options => options.NodeLease = TimeSpan.FromSeconds(3)));
        var goOn = new TaskCompletionSource();
        host.Script.Greet = async (job, _) =>
        {
            job.ReportProgress(3);
            await goOn.Task;
            return JobOutcome.Complete;
        };
        await host.Client.EnqueueAsync(Greeter.New(new Greeting("hello")), TestContext.Current.CancellationToken);
        var version = await host.UntilAsync<string>("SELECT coalesce(xmin::text || progress::text, '') FROM jobs.jobs", progress => progress != "");

        for (var i = 0; i < 2; i++)
        {
            var expires = await host.ScalarAsync<DateTime>("SELECT expires_at FROM jobs.nodes");
            await host.UntilAsync<DateTime>("SELECT expires_at FROM jobs.nodes", now => now > expires);
        }

        Assert.Equal(version, await host.ScalarAsync<string>("SELECT xmin::text || progress::text FROM jobs.jobs"));
        goOn.SetResult();
    }

    [Fact]
    public async Task Progress_cannot_be_negative_and_a_long_note_is_cut()
    {
        await using var host = await TestHost.StartAsync();
        host.Script.Greet = (job, _) =>
        {
            Assert.Throws<ArgumentOutOfRangeException>("done", () => job.ReportProgress(-1));
            Assert.Throws<ArgumentOutOfRangeException>("total", () => job.ReportProgress(1, -1));
            job.ReportProgress(long.MaxValue, long.MaxValue, new string('x', 5_000));
            return Task.FromResult(JobOutcome.Complete);
        };

        var job = await host.Client.EnqueueAsync(Greeter.New(new Greeting("hello")), TestContext.Current.CancellationToken);

        await host.StateAsync(job.Id, "completed");
        Assert.Equal("9223372036854775807", await host.ScalarAsync<string>("SELECT progress->>'total' FROM jobs.jobs"));
        Assert.InRange(await host.ScalarAsync<int>("SELECT length(progress->>'note') FROM jobs.jobs"), 1_000, 1_050);
    }
}
