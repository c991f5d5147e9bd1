namespace Jobs.Runtime.Tests.Behaviour;

public sealed class TokenTests
{
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_job_whose_token_callback_throws_or_blocks_does_not_keep_the_host_from_giving_its_jobs_back(bool throws)
    {
        await using var host = await TestHost.StartAsync(jobs => jobs.Configure(options => options.ShutdownGrace = TimeSpan.Zero));
        using var never = new ManualResetEventSlim();
        host.Script.Greet = async (job, cancellationToken) =>
        {
            cancellationToken.Register(() =>
            {
                if (throws)
                    throw new InvalidOperationException("The callback broke.");
                never.Wait(CancellationToken.None);
            });
            host.Script.Say($"began {job.Id}");
            await new TaskCompletionSource().Task;
            return JobOutcome.Complete;
        };
        var jobs = await host.Client.EnqueueManyAsync(Enumerable.Range(0, 3).Select(i => Greeter.New(new Greeting($"{i}"))), TestContext.Current.CancellationToken);
        foreach (var job in jobs)
            await host.Script.Seen($"began {job.Id}");

        await host.StopAsync();

        Assert.Equal(3, await host.ScalarAsync<long>("SELECT count(*) FROM jobs.jobs WHERE state = 'available' AND attempt = 0"));
        Assert.Equal(0, await host.ScalarAsync<long>("SELECT count(*) FROM jobs.nodes"));
        never.Set();
    }
}
