using System.Diagnostics;
using Jobs.TortureNode;

namespace Jobs.Runtime.Tests.Torture;

/// <summary>Several nodes on one database, and what may happen to them.</summary>
public sealed class ClusterTests
{
    [Fact]
    public async Task Two_nodes_perform_each_job_of_a_batch_once_and_rows_deleted_by_hand_change_nothing()
    {
        await using var cluster = await Cluster.CreateAsync();
        var ledger = new Ledger();
        var client = await cluster.StartAsync(ledger, static jobs => jobs.AddQueue("torture", concurrency: 10).AddWorkers());
        await cluster.StartAsync(ledger, static jobs => jobs.AddQueue("torture", concurrency: 10).AddWorkers());

        var batch = await client.EnqueueBatchAsync("5000", Enumerable.Range(0, 5000).Select(i => TortureWorker.New(new Work(i))), cancellationToken: TestContext.Current.CancellationToken);
        await ledger.Reached(1000);
        var deleted = await cluster.ExecuteAsync("DELETE FROM jobs.jobs WHERE state = 'completed'");
        await ledger.Reached(3000);
        deleted += await cluster.ExecuteAsync("DELETE FROM jobs.jobs WHERE state = 'completed' AND callback IS NULL");
        var told = await ledger.Callback;
        await cluster.StopAsync();

        Assert.Equal(new BatchComplete("5000", 5000, 5000, 0, 0), told with { InsertedAt = null, OccurredAt = null });
        Assert.Equal(5000, ledger.Performed.Count);
        Assert.All(ledger.Performed.Values, times => Assert.Equal(1, times));
        Assert.Equal(1, ledger.Callbacks);
        Assert.True(deleted > 0);
        Assert.True((await client.GetBatchAsync(batch.Id, TestContext.Current.CancellationToken)) is { IsClosed: true, Completed: 5000, CallbackState: JobState.Completed });
        Assert.Equal(1, await cluster.ScalarAsync<long>("SELECT max(run) FROM jobs.jobs"));
    }

    [Fact]
    public async Task Hosts_that_start_at_once_on_an_empty_database_migrate_it_once()
    {
        await using var cluster = await Cluster.CreateAsync();
        var ledger = new Ledger();
        var hosts = Enumerable.Range(0, 8).Select(_ => cluster.Build(ledger, jobs => jobs.AddQueue("torture", concurrency: 2).AddWorkers())).ToList();

        await Task.WhenAll(hosts.Select(host => Task.Run(() => host.StartAsync(TestContext.Current.CancellationToken))));
        await cluster.ExecuteAsync("""INSERT INTO jobs.jobs (queue, worker, args) SELECT 'torture', 'torture', jsonb_build_object('number', i) FROM generate_series(1, 200) AS i""");
        await ledger.Reached(200);
        await cluster.StopAsync();

        Assert.Equal(200, ledger.Performed.Count);
        Assert.Equal(await cluster.ScalarAsync<long>("SELECT max(version)::bigint FROM jobs.migrations"), await cluster.ScalarAsync<long>("SELECT count(*) FROM jobs.migrations"));
    }

    [Fact]
    public async Task The_jobs_of_a_killed_process_are_back_within_its_lease_and_their_batch_tells_once()
    {
        await using var cluster = await Cluster.CreateAsync();
        var ledger = new Ledger();
        var client = await cluster.StartAsync(ledger, static jobs => jobs.AddWorkers());
        await client.EnqueueBatchAsync("killed", Enumerable.Range(0, 20).Select(i => VictimWorker.New(new Victim(i))), cancellationToken: TestContext.Current.CancellationToken);
        using var node = Process.Start(new ProcessStartInfo(Path.Combine(AppContext.BaseDirectory, "Jobs.TortureNode"), [cluster.Database.ConnectionString])
        {
            RedirectStandardOutput = true,
        })!;
        for (var began = 0; began < 20; began++)
            Assert.StartsWith("began", await node.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken), StringComparison.Ordinal);

        node.Kill();
        await node.WaitForExitAsync(TestContext.Current.CancellationToken);
        var sinceDeath = Stopwatch.StartNew();
        await cluster.StartAsync(ledger, static jobs => jobs.AddQueue("victims", concurrency: 20).AddWorkers());
        var told = await ledger.Callback;
        sinceDeath.Stop();
        await cluster.StopAsync();

        Assert.Equal(new BatchComplete("killed", 20, 20, 0, 0), told with { InsertedAt = null, OccurredAt = null });
        Assert.Equal(20, ledger.Performed.Count);
        Assert.All(ledger.Performed.Values, times => Assert.Equal(1, times));
        Assert.Equal(1, ledger.Callbacks);
        Assert.InRange(sinceDeath.Elapsed, TimeSpan.Zero, TimeSpan.FromSeconds(3 + 5));
        Assert.Equal(20, await cluster.ScalarAsync<long>("SELECT count(*) FROM jobs.jobs WHERE crashes = 1 AND attempt = 1 AND run = 2"));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_restart_of_the_server_loses_no_job_and_no_callback(bool immediate)
    {
        await using var cluster = await Cluster.CreateOnOwnServerAsync();
        var ledger = new Ledger();
        var client = await cluster.StartAsync(ledger, static jobs => jobs.AddQueue("torture", concurrency: 10).AddWorkers());
        await cluster.StartAsync(ledger, static jobs => jobs.AddQueue("torture", concurrency: 10).AddWorkers());

        await client.EnqueueBatchAsync("restart", Enumerable.Range(0, 5000).Select(i => TortureWorker.New(new Work(i))), cancellationToken: TestContext.Current.CancellationToken);
        await ledger.Reached(1000);
        await cluster.Database.RestartServerAsync(immediate);
        var told = await ledger.Callback;
        await cluster.StopAsync();

        Assert.Equal(new BatchComplete("restart", 5000, 5000, 0, 0), told with { InsertedAt = null, OccurredAt = null });
        Assert.Equal(5000, ledger.Performed.Count);
        await using var afterwards = Npgsql.NpgsqlDataSource.Create(cluster.Database.ConnectionString);
        await using var callbacks = afterwards.CreateCommand("SELECT count(*) FROM jobs.jobs WHERE callback_of IS NOT NULL");
        Assert.Equal(1L, await callbacks.ExecuteScalarAsync(TestContext.Current.CancellationToken));
    }
}
