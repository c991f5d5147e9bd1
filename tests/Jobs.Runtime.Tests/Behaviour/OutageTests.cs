using Npgsql;

namespace Jobs.Runtime.Tests.Behaviour;

/// <summary>What the database may do to a running node, short of a restart. Every loop is there afterwards.</summary>
public sealed class OutageTests
{
    [Fact]
    public async Task A_node_works_on_when_the_tables_it_lost_are_back()
    {
        await using var host = await TestHost.StartAsync(Quick);
        await WorksAsync(host, "before");

        await host.ExecuteAsync("ALTER SCHEMA jobs RENAME TO away");
        await host.Logs.Seen("could not look for jobs");
        await host.Logs.Seen("Stager failed");
        await host.Logs.Seen("lease could not be renewed");
        await host.ExecuteAsync("ALTER SCHEMA away RENAME TO jobs");

        await WorksAsync(host, "after");
    }

    [Fact]
    public async Task A_node_works_on_after_the_database_was_read_only()
    {
        await using var host = await TestHost.StartAsync(Quick);
        await WorksAsync(host, "before");
        var database = new NpgsqlConnectionStringBuilder(host.ConnectionString).Database;

        // Apart from each other: until the first is committed, new connections may write.
        await host.ExecuteAsync($"ALTER DATABASE {database} SET default_transaction_read_only = on");
        await host.ExecuteAsync($"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{database}' AND pid <> pg_backend_pid()");
        await host.Logs.Seen("lease could not be renewed, and is tried again: 25006");
        await host.Logs.Seen("Stager failed, and tries again: 25006");
        await host.ExecuteAsync($"SET default_transaction_read_only = off; ALTER DATABASE {database} SET default_transaction_read_only = off");

        await WorksAsync(host, "after");
    }

    [Fact]
    public async Task A_node_works_on_when_every_one_of_its_connections_is_cut_again_and_again()
    {
        await using var host = await TestHost.StartAsync(Quick);
        for (var round = 0; round < 10; round++)
        {
            await host.ExecuteAsync("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()");
            await WorksAsync(host, $"round {round}");
        }

        Assert.Equal(0, await host.ScalarAsync<long>("SELECT count(*) FROM jobs.jobs WHERE crashes > 0"));
    }

    [Fact]
    public async Task A_claim_that_a_crash_of_the_server_undid_starts_no_second_run_on_the_same_node()
    {
        var goOn = new TaskCompletionSource();
        await using var host = await TestHost.StartAsync(script: script => script.Greet = async (_, _) =>
        {
            script.Say("began");
            await goOn.Task;
            return JobOutcome.Complete;
        });
        var job = await host.Client.EnqueueAsync(Greeter.New(new Greeting("once")), TestContext.Current.CancellationToken);
        await host.Script.Seen("began");

        // What is left of a claim whose commit was not on disk yet.
        await host.ExecuteAsync($"UPDATE jobs.jobs SET state = 'available', node = NULL, run = 0, attempt = 0 WHERE id = {job.Id}");
        await host.UntilAsync<long>($"SELECT count(*) FROM jobs.jobs WHERE id = {job.Id} AND state = 'executing' AND run = 1", count => count == 1);
        goOn.SetResult();

        await host.StateAsync(job.Id, "completed");
        await host.StopAsync();
        Assert.Equal(["began"], host.Script.Events.Where(seen => seen == "began"));
        Assert.Equal(1, await host.ScalarAsync<long>("SELECT count(*) FROM jobs.jobs WHERE run = 1 AND attempt = 1"));
        Assert.DoesNotContain(host.Logs.Lines, line => line.Contains("in a way that it does not know", StringComparison.Ordinal));
    }

    [Fact]
    public async Task An_outage_that_is_longer_than_the_lease_makes_no_job_of_a_living_node_a_suspect()
    {
        await using var host = await TestHost.StartAsync(
            static jobs => jobs.AddQueue("many", 200).Configure(static options => options.NodeLease = TimeSpan.FromSeconds(3)),
            script => script.Greet = async (_, cancellationToken) =>
            {
                if (!script.Signals.ContainsKey("over"))
                    await Task.Delay(Timeout.Infinite, cancellationToken);
                return JobOutcome.Complete;
            });
        await host.ExecuteAsync("INSERT INTO jobs.jobs (queue, worker, args) SELECT 'many', 'greeter', '{\"text\": \"many\"}' FROM generate_series(1, 200)");
        await host.UntilAsync<long>("SELECT count(*) FROM jobs.jobs WHERE state = 'executing'", count => count == 200);

        await host.ExecuteAsync("ALTER SCHEMA jobs RENAME TO away");
        await host.Logs.Seen("lost its lease");
        await host.UntilAsync<bool>("SELECT clock_timestamp() > expires_at + interval '2 seconds' FROM away.nodes", static isOver => isOver);
        host.Script.Say("over");
        await host.ExecuteAsync("ALTER SCHEMA away RENAME TO jobs");

        await host.UntilAsync<long>("SELECT count(*) FROM jobs.jobs WHERE state = 'completed' AND attempt = 1", count => count == 200);
        Assert.Equal(0, await host.ScalarAsync<long>("SELECT count(*) FROM jobs.jobs WHERE crashes > 0"));
        Assert.Single(host.Logs.Lines, line => line.Contains("lost its lease", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_host_stops_while_the_database_is_away_and_more_outcomes_wait_than_there_is_place_for()
    {
        var (goOn, stayOn) = (new TaskCompletionSource(), new TaskCompletionSource());
        await using var host = await TestHost.StartAsync(
            static jobs => jobs.AddQueue("many", 10_000).AddQueue("more", 1_000).Configure(options => options.ShutdownGrace = TimeSpan.Zero),
            script => script.Greet = async (job, _) =>
            {
                script.Say(job.Queue);
                await (job.Queue == "tests" ? stayOn : goOn).Task;
                return JobOutcome.Complete;
            });
        await host.ExecuteAsync("""
            INSERT INTO jobs.jobs (queue, worker, args) SELECT 'many', 'greeter', '{"text": "many"}' FROM generate_series(1, 10000);
            INSERT INTO jobs.jobs (queue, worker, args) SELECT 'more', 'greeter', '{"text": "more"}' FROM generate_series(1, 1000);
            INSERT INTO jobs.jobs (queue, worker, args) VALUES ('tests', 'greeter', '{"text": "stays on"}');
            """);
        await host.UntilAsync<long>("SELECT count(*) FROM jobs.jobs WHERE state = 'executing'", count => count == 11_001);
        await host.Script.Seen("tests");
        await host.ExecuteAsync("ALTER SCHEMA jobs RENAME TO away");
        goOn.SetResult();
        await host.Logs.Seen("could not be acknowledged");

        await host.StopAsync().WaitAsync(TimeSpan.FromSeconds(20), TestContext.Current.CancellationToken);

        Assert.Equal(11_001, ShutdownTests.Ids(host.Logs, "could not be acknowledged before the host stopped").Count);
        stayOn.SetResult();
    }

    static void Quick(JobsBuilder jobs) => jobs.Configure(options => options.NodeLease = TimeSpan.FromSeconds(3));

    // By the row's end: a job, one that is staged, and the outcome of both.
    static async Task WorksAsync(TestHost host, string text)
    {
        var due = await host.UntilAsync<long>(
            $$"""INSERT INTO jobs.jobs (queue, worker, state, args) VALUES ('tests', 'greeter', 'scheduled', '{"text": "{{text}}"}') RETURNING id""", static _ => true);
        await host.StateAsync(due, "completed");
        await host.Script.Seen($"{text}, attempt 1");
    }
}
