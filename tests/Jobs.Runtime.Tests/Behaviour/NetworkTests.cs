using System.Diagnostics;
using Jobs.Testing.Database;
using Npgsql;

namespace Jobs.Runtime.Tests.Behaviour;

/// <summary>What connections do that break in silence, are slow, or are interrupted in the middle of a statement.</summary>
public sealed class NetworkTests
{
    [Fact]
    public async Task A_listener_that_hears_nothing_any_more_leaves_work_to_polling_and_then_listens_anew()
    {
        var poll = TimeSpan.FromSeconds(4);
        await using var database = await TestDatabase.CreateAsync(TestContext.Current.CancellationToken);
        await using var proxy = new TestProxy(database.ConnectionString);
        await using var worker = await TestHost.StartOnAsync(database, jobs => jobs.AddQueue("worked", 5).Configure(options => options.PollInterval = poll), settings: proxy.Settings);
        await using var caller = await TestHost.StartOnAsync(database, static jobs => jobs.Configure(options => options.PollInterval = TimeSpan.FromMinutes(1)), Refuses);
        await worker.UntilAsync<long>("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'LISTEN%'", static count => count == 2);
        await SeenWithinAsync("at once", TimeSpan.FromSeconds(2));

        Assert.Equal(1, proxy.SilenceListeners());
        await SeenWithinAsync("by polling", poll * 2);
        await worker.Logs.Seen("Other nodes cannot be heard");
        await worker.Logs.Seen("Other nodes are heard again");

        // By polling alone each would take two seconds in the mean.
        for (var i = 0; i < 5; i++)
            await SeenWithinAsync($"at once again {i}", TimeSpan.FromSeconds(1));

        async Task SeenWithinAsync(string text, TimeSpan longest)
        {
            var watch = Stopwatch.StartNew();
            await caller.Client.EnqueueAsync(Greeter.New(new Greeting(text)) with { Queue = "worked" }, TestContext.Current.CancellationToken);
            await worker.Script.Seen($"{text}, attempt 1");
            Assert.InRange(watch.Elapsed, TimeSpan.Zero, longest);
        }

        static void Refuses(Script script) => script.Greet = static (_, _) => throw new InvalidOperationException("It is the other host's.");
    }

    [Fact]
    public async Task Enqueues_that_are_cancelled_in_the_middle_of_their_statements_never_hit_an_acknowledgement()
    {
        const int Times = 10_000;
        await using var host = await TestHost.StartAsync(static jobs => jobs.AddQueue("more", 20));
        var (cancelled, stored) = (0, 0);

        await Parallel.ForAsync(0, Times, new ParallelOptions { MaxDegreeOfParallelism = 8, CancellationToken = TestContext.Current.CancellationToken }, async (number, _) =>
        {
            using var cancel = new CancellationTokenSource();
            cancel.CancelAfter(TimeSpan.FromMicroseconds(Random.Shared.Next(3_000)));
            try
            {
                await host.Client.EnqueueAsync(Greeter.New(new Greeting($"{number}")) with { Queue = "more" }, cancel.Token);
                await host.Client.EnqueueManyAsync(Enumerable.Range(0, 60).Select(i => Greeter.New(new Greeting($"{number} {i}")) with { Queue = "more" }), cancel.Token);
                Interlocked.Increment(ref stored);
            }
            catch (OperationCanceledException)
            {
                Interlocked.Increment(ref cancelled);
            }
        });

        Assert.True(cancelled > Times / 10, $"Only {cancelled} of {Times} were cancelled.");
        await host.UntilAsync<long>("SELECT count(*) FROM jobs.jobs WHERE state <> 'completed'", static left => left == 0, TimeSpan.FromMinutes(2));
        Assert.Equal(0, await host.ScalarAsync<long>("SELECT count(*) FROM jobs.jobs WHERE attempt <> 1 OR crashes <> 0 OR run > 2"));

        // A job that was to start here, and whose enqueue was cancelled when it was stored, is given back before it runs.
        Assert.InRange(await host.ScalarAsync<long>("SELECT count(*) FROM jobs.jobs WHERE run = 2"), 0, cancelled);
        Assert.Equal(await host.ScalarAsync<long>("SELECT count(*) FROM jobs.jobs"), host.Script.Events.Count(static text => text.EndsWith(", attempt 1", StringComparison.Ordinal)));
        Assert.True(await host.ScalarAsync<long>("SELECT count(*) FROM jobs.jobs") >= stored * 61);
        Assert.Equal([], host.Logs.Lines.Where(static line => line.StartsWith("Warning", StringComparison.Ordinal) || line.StartsWith("Error", StringComparison.Ordinal)));
    }

    // Whoever waited for the acknowledgement's answer before it sent the commit would hold the rows of the job and of its batch meanwhile.
    [Fact]
    public async Task A_process_that_is_cut_off_while_it_completes_a_job_with_its_writes_holds_no_rows()
    {
        await using var database = await TestDatabase.CreateAsync(TestContext.Current.CancellationToken);
        await using var proxy = new TestProxy(database.ConnectionString) { Mutes = ("INSERT INTO effects"u8.ToArray(), "j.run = input.run"u8.ToArray()) };
        await using var host = await TestHost.StartOnAsync(
            database,
            script: static script => script.Greet = static async (job, cancellationToken) =>
            {
                await job.CompleteAsync(
                    async (transaction, token) =>
                    {
                        await using var command = new NpgsqlCommand("INSERT INTO effects VALUES (1)", (NpgsqlConnection)transaction.Connection!, (NpgsqlTransaction)transaction);
                        await command.ExecuteNonQueryAsync(token);
                    },
                    cancellationToken);
                return JobOutcome.Complete;
            },
            settings: $"{proxy.Settings};Command Timeout=10;Cancellation Timeout=500");
        await host.ExecuteAsync("CREATE TABLE effects (one integer)");

        await host.Client.EnqueueBatchAsync("b", [Greeter.New(new Greeting("hello"))], cancellationToken: TestContext.Current.CancellationToken);

        await host.UntilAsync<long>("SELECT count(*) FROM jobs.batches WHERE closed_at IS NOT NULL", static closed => closed == 1, TimeSpan.FromSeconds(4));
        Assert.True(proxy.HasMuted);
        Assert.Equal(1, await host.ScalarAsync<long>("SELECT count(*) FROM effects"));
    }

    [Fact]
    public async Task A_network_that_was_slower_than_the_command_timeout_leaves_no_pool_used_up()
    {
        await using var database = await TestDatabase.CreateAsync(TestContext.Current.CancellationToken);
        await using var proxy = new TestProxy(database.ConnectionString);
        await using var host = await TestHost.StartOnAsync(database, settings: $"{proxy.Settings};Command Timeout=1;Cancellation Timeout=500;Timeout=2;Maximum Pool Size=10");
        await host.Client.EnqueueAsync(Greeter.New(new Greeting("before")), TestContext.Current.CancellationToken);
        await host.Script.Seen("before, attempt 1");

        proxy.Delay = TimeSpan.FromSeconds(3);
        var failed = 0;
        await Parallel.ForAsync(0, 60, new ParallelOptions { MaxDegreeOfParallelism = 30, CancellationToken = TestContext.Current.CancellationToken }, async (number, token) =>
        {
            try
            {
                await host.Client.EnqueueAsync(Greeter.New(new Greeting($"during {number}")), token);
            }
            catch (Exception exception) when (exception is NpgsqlException or DatabaseUnavailableException or TimeoutException)
            {
                Interlocked.Increment(ref failed);
            }
        });
        proxy.Delay = TimeSpan.Zero;

        Assert.Equal(60, failed);
        await Task.WhenAll(Enumerable.Range(0, 10).Select(async number =>
        {
            // A connection of the pool may be one that broke: then the caller is told, and has a whole one the next time.
            for (var tries = 0; ; tries++)
            {
                try
                {
                    await host.Client.EnqueueAsync(Greeter.New(new Greeting($"after {number}")), TestContext.Current.CancellationToken);
                    return;
                }
                catch (Exception exception) when (tries < 3 && exception is NpgsqlException or DatabaseUnavailableException or TimeoutException)
                {
                }
            }
        })).WaitAsync(TimeSpan.FromSeconds(20), TestContext.Current.CancellationToken);
        for (var number = 0; number < 10; number++)
            await host.Script.Seen($"after {number}, attempt 1");
        await host.UntilAsync<long>("SELECT count(*) FROM jobs.jobs WHERE state <> 'completed'", static left => left == 0);
        Assert.Equal(0, await host.ScalarAsync<long>("SELECT count(*) FROM jobs.jobs WHERE crashes <> 0"));
    }

    [Fact]
    public async Task The_longest_name_of_a_queue_wakes_its_node()
    {
        var name = string.Concat(Enumerable.Repeat("\u2603", 200));
        static void Slowly(JobsBuilder jobs) => jobs.Configure(options => options.PollInterval = TimeSpan.FromMinutes(1));
        await using var caller = await TestHost.StartAsync(Slowly);
        await using var worker = await caller.StartAnotherAsync(jobs => Slowly(jobs.AddQueue(name, concurrency: 1)));
        await worker.UntilAsync<long>("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'LISTEN%'", static count => count == 2);

        // The first may be found by the look that a new listener takes.
        for (var i = 0; i < 3; i++)
        {
            await caller.Client.EnqueueAsync(Greeter.New(new Greeting($"named {i}")) with { Queue = name }, TestContext.Current.CancellationToken);
            await worker.Script.Seen($"named {i}, attempt 1");
        }
    }
}
