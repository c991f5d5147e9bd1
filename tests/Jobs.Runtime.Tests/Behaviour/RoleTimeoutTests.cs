using Jobs.Queues;
using Jobs.Runtime.Tests.Conformance;
using Jobs.Testing.Database;
using Npgsql;

namespace Jobs.Runtime.Tests.Behaviour;

/// <summary>Where statements of the role or the database may not take long, or not wait long: statement_timeout and lock_timeout.</summary>
[Collection("A million jobs")]
public sealed class RoleTimeoutTests
{
    // Each such row takes its time, whatever the machine.
    const string SlowRows = """
        CREATE FUNCTION jobs.take_time() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(0.001); RETURN coalesce(NEW, OLD); END $$;
        CREATE TRIGGER slow_stage BEFORE UPDATE ON jobs.jobs FOR EACH ROW WHEN (OLD.state IN ('scheduled', 'retryable') AND NEW.state = 'available') EXECUTE FUNCTION jobs.take_time();
        CREATE TRIGGER slow_end BEFORE UPDATE ON jobs.jobs FOR EACH ROW WHEN (OLD.state = 'executing' AND NEW.state IN ('completed', 'available')) EXECUTE FUNCTION jobs.take_time();
        CREATE TRIGGER slow_prune BEFORE DELETE ON jobs.jobs FOR EACH ROW EXECUTE FUNCTION jobs.take_time();
        """;

    [Fact]
    public async Task Maintenance_changes_fewer_rows_at_once_until_its_statements_fit()
    {
        await using var database = await TestDatabase.CreateAsync(TestContext.Current.CancellationToken);
        await database.SetAsync("statement_timeout = '400ms'", TestContext.Current.CancellationToken);
        await using var host = await TestHost.StartOnAsync(database, static jobs => jobs.Configure(static options => options.NodeLease = TimeSpan.FromSeconds(3)));

        await host.ExecuteAsync($"""
            {SlowRows}
            INSERT INTO jobs.jobs (worker, state, scheduled_at) SELECT 'due', 'scheduled', now() FROM generate_series(1, 2500);
            INSERT INTO jobs.jobs (worker, state, finished_at) SELECT 'old', 'completed', now() - interval '10 days' FROM generate_series(1, 1500);
            INSERT INTO jobs.jobs (worker, state, node, run, attempt) SELECT 'orphaned', 'executing', gen_random_uuid(), 1, 1 FROM generate_series(1, 1000);
            """);

        var within = TimeSpan.FromMinutes(2);
        await host.UntilAsync<long>("SELECT count(*) FROM jobs.jobs WHERE worker = 'due' AND state = 'scheduled'", static left => left == 0, within);
        await host.UntilAsync<long>("SELECT count(*) FROM jobs.jobs WHERE worker = 'old'", static left => left == 0, within);
        await host.UntilAsync<long>("SELECT count(*) FROM jobs.jobs WHERE worker = 'orphaned' AND state = 'executing'", static left => left == 0, within);
        foreach (var loop in new[] { "Stager", "Pruner", "Rescuer" })
            Assert.Contains(host.Logs.Lines, line => line.Contains($"{loop} failed, and tries again: 57014", StringComparison.Ordinal));
    }

    [Fact]
    public async Task An_acknowledgement_of_many_that_takes_too_long_is_repeated_in_parts()
    {
        const int Many = 500;
        await using var harness = await PostgresHarness.StartAsync("statement_timeout = '300ms'");
        await harness.Store.EnqueueAsync(Enumerable.Range(0, Many).Select(static i => StoreHarness.NewJob($"{i}")).ToAsyncEnumerable(), Jobs.Store.EnqueueTerms.Alone, TestContext.Current.CancellationToken);
        var jobs = await harness.ClaimAsync(await harness.RegisterNodeAsync(), Many);
        await harness.ScalarAsync(SlowRows);
        var held = new HeldJobs();
        var acknowledger = TestHost.Acknowledger(harness.Store, held);
        foreach (var job in jobs)
        {
            Assert.True(held.TryAdd(job) && held.TryTake(job));
            await acknowledger.AcknowledgeAsync(StoreHarness.Outcome(job, JobState.Completed));
        }

        acknowledger.Complete();
        await acknowledger.RunAsync(new Pulse("test", TimeProvider.System), TestContext.Current.CancellationToken).WaitAsync(TimeSpan.FromMinutes(1), TestContext.Current.CancellationToken);

        Assert.Equal((long)Many, await harness.ScalarAsync("SELECT count(*) FROM jobs.jobs WHERE state = 'completed'"));
        await held.WhenEmptyAsync().WaitAsync(TimeSpan.FromSeconds(10), TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task Outcomes_outlast_a_batch_that_somebody_holds_for_longer_than_the_role_may_wait()
    {
        await using var database = await TestDatabase.CreateAsync(TestContext.Current.CancellationToken);
        await database.SetAsync("lock_timeout = '100ms'", TestContext.Current.CancellationToken);
        await using var host = await TestHost.StartOnAsync(database);
        await host.Client.Queues.PauseAsync("tests", cancellationToken: TestContext.Current.CancellationToken);
        await host.Logs.Seen("is Paused now");
        await host.Client.EnqueueBatchAsync("b", Enumerable.Range(0, 20).Select(static i => Greeter.New(new Greeting($"{i}"))), cancellationToken: TestContext.Current.CancellationToken);
        await using var connection = new NpgsqlConnection(host.ConnectionString);
        await connection.OpenAsync(TestContext.Current.CancellationToken);
        await using (var holder = await connection.BeginTransactionAsync(TestContext.Current.CancellationToken))
        {
            await using (var hold = new NpgsqlCommand("SELECT FROM jobs.batches FOR UPDATE", connection, holder))
                await hold.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
            await host.Client.Queues.ResumeAsync("tests", cancellationToken: TestContext.Current.CancellationToken);
            await host.Logs.Seen("wait for another transaction");
            await Task.Delay(TimeSpan.FromSeconds(1), TestContext.Current.CancellationToken);
        }

        await host.Script.Seen("b: 20 completed, 0 cancelled, 0 discarded of 20");
        Assert.Equal(21, await host.ScalarAsync<long>("SELECT count(*) FROM jobs.jobs WHERE run = 1 AND attempt = 1"));
    }

    [Fact]
    public async Task A_node_beside_a_million_jobs_does_all_that_it_does_in_statements_of_a_fifth_of_a_second()
    {
        await using var database = await TestDatabase.CreateAsync(TestContext.Current.CancellationToken);
        await JobsMigrations.MigrateAsync(database.ConnectionString, cancellationToken: TestContext.Current.CancellationToken);
        await using (var connection = new NpgsqlConnection(database.ConnectionString))
        {
            await connection.OpenAsync(TestContext.Current.CancellationToken);
            await using var insert = new NpgsqlCommand(
                """
                INSERT INTO jobs.jobs (worker, queue, state, scheduled_at) SELECT 'due', 'elsewhere', 'scheduled', now() - interval '1 second' FROM generate_series(1, 20000);
                INSERT INTO jobs.jobs (worker, queue, state, finished_at) SELECT 'old', 'elsewhere', 'completed', now() - interval '10 days' FROM generate_series(1, 20000);
                INSERT INTO jobs.jobs (worker, queue, state, finished_at) SELECT 'kept', 'elsewhere', 'completed', now() FROM generate_series(1, 480000);
                INSERT INTO jobs.jobs (worker, queue) SELECT 'stranger', 'tests' FROM generate_series(1, 480000);
                """,
                connection)
            { CommandTimeout = 0 };
            await insert.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
        }

        await database.SetAsync("statement_timeout = '200ms'", TestContext.Current.CancellationToken);
        await database.SetAsync("lock_timeout = '100ms'", TestContext.Current.CancellationToken);
        await using var host = await TestHost.StartOnAsync(database);
        await host.Client.EnqueueBatchAsync("b", Enumerable.Range(0, 2_000).Select(static i => Greeter.New(new Greeting($"{i}"))), cancellationToken: TestContext.Current.CancellationToken);

        var within = TimeSpan.FromMinutes(2);
        await host.UntilAsync<bool>("SELECT closed_at IS NOT NULL FROM jobs.batches", static done => done, within);
        await host.UntilAsync<bool>("SELECT NOT EXISTS (SELECT FROM jobs.jobs WHERE state = 'scheduled')", static done => done, within);
        await host.UntilAsync<bool>("SELECT NOT EXISTS (SELECT FROM jobs.jobs WHERE finished_at IS NOT NULL AND state = 'completed' AND finished_at < now() - interval '9 days')", static done => done, within);
        await host.UntilAsync<bool>("SELECT count(*) = 2001 FROM jobs.jobs WHERE queue = 'tests' AND state = 'completed' AND finished_at IS NOT NULL AND run = 1", static done => done, within);
    }
}
