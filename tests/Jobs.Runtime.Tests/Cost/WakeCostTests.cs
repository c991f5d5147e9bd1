using Jobs.Runtime.Tests.Behaviour;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Jobs.Runtime.Tests.Cost;

/// <summary>What a notification costs that wakes more nodes than there is work for.</summary>
[Collection("Cost")]
public sealed class WakeCostTests
{
    const int Nodes = 8;
    const int Jobs = 20;

    [Fact]
    public async Task A_job_that_wakes_eight_idle_nodes_costs_each_two_claims_at_most()
    {
        await using var database = await CountedDatabase.CreateAsync();
        var script = new Script();
        var hosts = Enumerable.Range(0, Nodes).Select(_ => database.BuildHost(SeldomPolled, script)).ToList();
        foreach (var host in hosts)
            await host.StartAsync(TestContext.Current.CancellationToken);
        await UntilAllListenAsync();
        using var client = database.BuildHost();
        await database.ForgetStatementsAsync();

        for (var i = 0; i < Jobs; i++)
        {
            await client.Services.GetRequiredService<JobClient>().EnqueueAsync(Greeter.New(new Greeting($"{i}")), TestContext.Current.CancellationToken);
            await script.Seen($"{i}, attempt 1");

            // The other nodes come too late, and are to have come before the next.
            await Task.Delay(200, TestContext.Current.CancellationToken);
        }

        var cost = await database.StatementsAsync();
        foreach (var host in hosts)
        {
            await host.StopAsync(TestContext.Current.CancellationToken);
            await ((IAsyncDisposable)host).DisposeAsync();
        }

        Assert.InRange(cost.CallsOf("WITH share AS"), Jobs * Nodes / 2, Jobs * Nodes * 2);

        static void SeldomPolled(JobsBuilder jobs) => jobs.AddQueue("tests", concurrency: 10).Configure(static options => options.PollInterval = TimeSpan.FromMinutes(1));

        async Task UntilAllListenAsync()
        {
            using var poll = new PeriodicTimer(TimeSpan.FromMilliseconds(50));
            while ((long)(await database.ScalarAsync(
                $"SELECT count(*) FROM pg_stat_activity WHERE datname = '{new Npgsql.NpgsqlConnectionStringBuilder(database.ConnectionString).Database}' AND query LIKE 'LISTEN%'"))! < Nodes)
                await poll.WaitForNextTickAsync(TestContext.Current.CancellationToken);
        }
    }
}
