using Jobs.Postgres;
using Jobs.Queues;
using Jobs.Runtime.Tests.Behaviour;
using Jobs.Store;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Npgsql;

namespace Jobs.Runtime.Tests.Cost;

/// <summary>What a node asks of the server while it works, and while there is nothing to do.</summary>
[Collection("Cost")]
public sealed class WorkCostTests
{
    static readonly Guid Node = Guid.NewGuid();

    [Theory]
    [InlineData(1)]
    [InlineData(1_000)]
    public async Task A_claim_is_one_statement_and_one_commit_however_many_jobs_it_takes(int count)
    {
        await using var database = await CountedDatabase.CreateAsync();
        await StoreAsync(database, 3 * count);

        var cost = await database.CostOfStoreAsync(async store => Assert.Equal(count, (await ClaimAsync(store, count)).Count));

        Assert.True(cost is { Calls: 1, Commits: 1 }, $"{cost}");
    }

    [Theory]
    [InlineData(1)]
    [InlineData(1_000)]
    public async Task An_acknowledgement_is_one_statement_and_one_commit_however_many_outcomes_it_has(int count)
    {
        await using var database = await CountedDatabase.CreateAsync();
        await StoreAsync(database, count);
        IReadOnlyList<ClaimedJob> jobs = [];
        await database.WithStoreAsync(async store => jobs = await ClaimAsync(store, count));

        var cost = await database.CostOfStoreAsync(store => AcknowledgeAsync(store, jobs));

        Assert.True(cost is { Calls: 1, Commits: 1 }, $"{cost}");
    }

    // The WAL writer adds a few of its own.
    [Fact]
    public async Task A_claim_does_not_wait_for_the_disk_and_an_acknowledgement_does()
    {
        const int Times = 100;
        await using var database = await CountedDatabase.CreateAsync();
        await StoreAsync(database, Times);
        var jobs = new List<ClaimedJob>();

        var before = await database.WalFlushesAsync();
        await database.WithStoreAsync(async store =>
        {
            for (var i = 0; i < Times; i++)
                jobs.AddRange(await ClaimAsync(store, 1));
        });
        var claimed = await database.WalFlushesAsync();
        await database.WithStoreAsync(async store =>
        {
            foreach (var job in jobs)
                await AcknowledgeAsync(store, [job]);
        });
        var acknowledged = await database.WalFlushesAsync();

        Assert.InRange(claimed - before, 0, Times / 4);
        Assert.InRange(acknowledged - claimed, Times, Times * 2);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_node_that_runs_a_hundred_jobs_at_a_time_asks_for_two_statements_and_one_flush_in_a_hundred_jobs_at_most(bool inOneBatch)
    {
        const int Jobs = 20_000;
        await using var database = await CountedDatabase.CreateAsync();
        await (inOneBatch ? StoreBatchAsync(database, Jobs) : StoreAsync(database, Jobs));
        var (script, left, done) = (new Script(), Jobs, new TaskCompletionSource());
        script.Greet = (_, _) =>
        {
            if (Interlocked.Decrement(ref left) == 0)
                done.SetResult();
            return Task.FromResult(JobOutcome.Complete);
        };
        using var host = database.BuildHost(static jobs => jobs.AddQueue("tests", concurrency: 100), script);
        var (commits, flushes) = (await database.CommitsAsync(), await database.WalFlushesAsync());
        await database.ForgetStatementsAsync();

        await host.StartAsync(TestContext.Current.CancellationToken);
        await done.Task.WaitAsync(TimeSpan.FromSeconds(60), TestContext.Current.CancellationToken);
        await host.StopAsync(TestContext.Current.CancellationToken);
        await ((IAsyncDisposable)host).DisposeAsync();

        var cost = (await database.StatementsAsync()) with { Commits = await database.CommitsAsync() - commits };
        Assert.True(cost.Calls <= Jobs * 0.02 && cost.Commits <= Jobs * 0.02, $"{cost}");
        Assert.InRange(await database.WalFlushesAsync() - flushes, 1, Jobs * 0.01);
        await using var connection = new NpgsqlConnection(database.ConnectionString);
        await connection.OpenAsync(TestContext.Current.CancellationToken);
        await using var completed = new NpgsqlCommand("SELECT count(*) FROM jobs.jobs WHERE state = 'completed' AND run = 1 AND callback_of IS NULL", connection);
        Assert.Equal((long)Jobs, await completed.ExecuteScalarAsync(TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task A_job_that_is_enqueued_where_its_queue_waits_costs_its_insert_and_its_acknowledgement_and_no_claim()
    {
        const int Jobs = 20;
        await using var database = await CountedDatabase.CreateAsync();
        var script = new Script();
        using var host = database.BuildHost(
            static jobs => jobs.AddQueue("tests", concurrency: 10).Configure(static options =>
            {
                options.Notifications = false;
                options.PollInterval = TimeSpan.FromMinutes(1);
            }),
            script);
        await host.StartAsync(TestContext.Current.CancellationToken);
        var gate = host.Services.GetRequiredService<WorkedQueues>().Find("tests")!.Starts;
        while (!gate.TryEnter())
            await Task.Delay(5, TestContext.Current.CancellationToken);
        gate.Exit();
        await database.ForgetStatementsAsync();

        for (var number = 0; number < Jobs; number++)
        {
            await host.Services.GetRequiredService<JobClient>().EnqueueAsync(Greeter.New(new Greeting($"{number}")), TestContext.Current.CancellationToken);
            await script.Seen($"{number}, attempt 1");
        }

        await host.StopAsync(TestContext.Current.CancellationToken);
        await ((IAsyncDisposable)host).DisposeAsync();
        var cost = await database.StatementsAsync();
        Assert.True(cost.CallsOf("RETURNING id, args, meta") == Jobs && cost.CallsOf("WITH share AS") == 0, $"{cost}");
        Assert.InRange(cost.CallsOf("AS was_cancelled"), 1, Jobs);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(10)]
    public async Task An_idle_node_asks_for_four_statements_a_second_at_most_however_many_queues_it_works(int queues)
    {
        var watched = TimeSpan.FromSeconds(10);
        await using var database = await CountedDatabase.CreateAsync();
        using var host = database.BuildHost(jobs =>
        {
            for (var i = 0; i < queues; i++)
                jobs.AddQueue($"queue {i}", concurrency: 10);
        });
        await host.StartAsync(TestContext.Current.CancellationToken);
        await Task.Delay(TimeSpan.FromSeconds(2), TestContext.Current.CancellationToken);
        await database.ForgetStatementsAsync();

        await Task.Delay(watched, TestContext.Current.CancellationToken);

        var cost = await database.StatementsAsync();
        await host.StopAsync(TestContext.Current.CancellationToken);
        await ((IAsyncDisposable)host).DisposeAsync();
        Assert.True(cost.Calls >= watched.TotalSeconds && cost.Calls <= 4 * watched.TotalSeconds, $"{cost}");
    }

    static Task StoreAsync(CountedDatabase database, int count) => database.WithStoreAsync(store => store.EnqueueAsync(
        Enumerable.Range(0, count).Select(number => Greeter.New(new Greeting($"{number}"))).ToAsyncEnumerable(), EnqueueTerms.Alone, TestContext.Current.CancellationToken));

    static Task StoreBatchAsync(CountedDatabase database, int count) => database.WithStoreAsync(store => store.EnqueueBatchAsync(
        new NewBatch("b"), Enumerable.Range(0, count).Select(number => Greeter.New(new Greeting($"{number}"))).ToAsyncEnumerable(), static () => [], EnqueueTerms.Alone,
        TestContext.Current.CancellationToken));

    static async Task<IReadOnlyList<ClaimedJob>> ClaimAsync(PostgresStore store, int limit) =>
        (await store.ClaimAsync("tests", ["greeter"], limit, Node, TestContext.Current.CancellationToken)).Jobs;

    static async Task AcknowledgeAsync(PostgresStore store, IReadOnlyList<ClaimedJob> jobs)
    {
        var result = await store.AcknowledgeAsync(
            [.. jobs.Select(job => Acknowledgement.Of(job, JobState.Completed))], TestContext.Current.CancellationToken);
        Assert.Equal(jobs.Count, result.Acknowledged.Count);
    }
}
