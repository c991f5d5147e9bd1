using System.Collections.Concurrent;
using System.Diagnostics;
using Jobs.Queues;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace Jobs.Runtime.Tests.Behaviour;

/// <summary>What several nodes on one database do for each other: hints, the lead, suspects.</summary>
public sealed class NodesTests
{
    [Fact]
    public async Task Work_enqueued_by_one_host_wakes_another_at_once()
    {
        await using var producer = await TestHost.StartAsync(static jobs => jobs.Configure(options => options.PollInterval = TimeSpan.FromMinutes(1)), Blocked);
        await producer.Client.EnqueueManyAsync(Enumerable.Range(0, 5).Select(i => Greeter.New(new Greeting($"blocks {i}"))), TestContext.Current.CancellationToken);
        await using var worker = await producer.StartAnotherAsync(static jobs => jobs.Configure(options => options.PollInterval = TimeSpan.FromMinutes(1)));
        await worker.UntilAsync<long>("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'LISTEN%'", count => count == 2);

        for (var i = 0; i < 20; i++)
        {
            await producer.Client.EnqueueAsync(Greeter.New(new Greeting($"{i}")), TestContext.Current.CancellationToken);
            await worker.Script.Seen($"{i}, attempt 1");
        }

        static void Blocked(Script script) => script.Greet = async (_, cancellationToken) =>
        {
            await Task.Delay(Timeout.Infinite, cancellationToken);
            return JobOutcome.Complete;
        };
    }

    [Fact]
    public async Task A_listener_whose_connection_breaks_listens_again()
    {
        await using var host = await TestHost.StartAsync(static jobs => jobs.Configure(options => options.PollInterval = TimeSpan.FromMinutes(1)));
        await host.UntilAsync<long>("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'LISTEN%'", count => count == 1);

        await host.ExecuteAsync("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'LISTEN%'");
        await host.Logs.Seen("Other nodes are heard again");
        await host.ExecuteAsync("INSERT INTO jobs.jobs (queue, worker, args) VALUES ('tests', 'greeter', '{\"text\": \"by sql\"}'); NOTIFY jobs_queue, 'tests'");

        await host.Script.Seen("by sql, attempt 1");
    }

    [Fact]
    public async Task Without_notifications_nobody_listens_and_polling_finds_the_work()
    {
        await using var producer = await TestHost.StartAsync(static jobs => jobs.Configure(Off));
        await using var worker = await producer.StartAnotherAsync(static jobs => jobs.Configure(Off));

        await producer.StopAsync();
        await producer.ExecuteAsync("INSERT INTO jobs.jobs (queue, worker, args) VALUES ('tests', 'greeter', '{\"text\": \"polled\"}')");
        await worker.Script.Seen("polled, attempt 1");

        Assert.Equal(0, await worker.ScalarAsync<long>("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'LISTEN%'"));

        static void Off(JobsOptions options) => (options.Notifications, options.PollInterval) = (false, TimeSpan.FromMilliseconds(50));
    }

    [Fact]
    public async Task A_node_whose_first_lease_runs_out_before_it_looks_for_work_takes_another_and_works()
    {
        await using var first = await TestHost.StartAsync();
        await first.StopAsync();
        await using var connection = new NpgsqlConnection(first.ConnectionString);
        await connection.OpenAsync(TestContext.Current.CancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(TestContext.Current.CancellationToken);
        await using var hold = new NpgsqlCommand("LOCK TABLE jobs.nodes IN ACCESS EXCLUSIVE MODE", connection, transaction);
        await hold.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);

        var starting = first.StartAnotherAsync(static jobs => jobs.Configure(static options => options.NodeLease = TimeSpan.FromSeconds(3)));
        await first.UntilAsync<long>(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock' AND clock_timestamp() - query_start > interval '3 seconds'",
            static count => count == 1);
        await transaction.RollbackAsync(TestContext.Current.CancellationToken);

        await using var host = await starting.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);
        await host.Client.EnqueueAsync(Greeter.New(new Greeting("late")), TestContext.Current.CancellationToken);
        await host.Script.Seen("late, attempt 1");
        await host.Logs.Seen("lost its lease");
    }

    [Fact]
    public async Task One_node_leads_and_when_it_stops_another_stages_for_all()
    {
        await using var first = await TestHost.StartAsync();
        await first.UntilAsync<long>("SELECT count(*) FROM jobs.leader", count => count == 1);
        await using var second = await first.StartAnotherAsync(static jobs => jobs.Configure(options => options.NodeLease = TimeSpan.FromSeconds(3)));
        var leader = await first.ScalarAsync<Guid>("SELECT node FROM jobs.leader");

        await first.StopAsync();
        var successor = await second.UntilAsync<Guid>("SELECT coalesce((SELECT node FROM jobs.leader), '00000000-0000-0000-0000-000000000000')", node => node != leader && node != Guid.Empty);
        await second.Client.EnqueueAsync(Greeter.New(new Greeting("later")) with { ScheduleIn = TimeSpan.FromMilliseconds(100) }, TestContext.Current.CancellationToken);

        await second.Script.Seen("later, attempt 1");
        Assert.Equal(1, await second.ScalarAsync<long>($"SELECT count(*) FROM jobs.nodes WHERE id = '{successor}'"));
        Assert.Contains(second.Health.Loops, loop => loop is { Name: "Stager", IsLate: false });
        Assert.False(second.Health.IsLate);
    }

    [Fact]
    public async Task A_leader_that_stops_hands_over_before_its_jobs_have_ended()
    {
        var goOn = new TaskCompletionSource();
        await using var host = await TestHost.StartAsync(script: script => script.Greet = async (_, _) =>
        {
            script.Say("began");
            await goOn.Task;
            return JobOutcome.Complete;
        });
        await host.UntilAsync<long>("SELECT count(*) FROM jobs.leader", count => count == 1);
        var job = await host.Client.EnqueueAsync(Greeter.New(new Greeting("long")), TestContext.Current.CancellationToken);
        await host.Script.Seen("began");

        var stopping = host.StopAsync();
        await host.UntilAsync<long>("SELECT count(*) FROM jobs.leader", count => count == 0);
        Assert.Equal("executing", await host.StateAsync(job.Id, "executing"));
        goOn.SetResult();

        await stopping;
        await host.StateAsync(job.Id, "completed");
    }

    [Fact]
    public async Task A_leader_that_dies_is_replaced_within_its_lease()
    {
        await using var host = await TestHost.StartAsync(static jobs => jobs.AddQueue("other", 1).Configure(options => options.NodeLease = TimeSpan.FromSeconds(3)));
        await host.UntilAsync<long>("SELECT count(*) FROM jobs.leader", count => count == 1);

        // As a dead node leaves it: nobody renews it any more, and it is not this host's.
        await host.ExecuteAsync("UPDATE jobs.leader SET node = gen_random_uuid(), expires_at = jobs.clock() + interval '3 seconds'");
        var sinceDeath = Stopwatch.StartNew();
        await host.UntilAsync<long>("SELECT count(*) FROM jobs.leader JOIN jobs.nodes ON nodes.id = leader.node", count => count == 1);

        Assert.InRange(sinceDeath.Elapsed, TimeSpan.FromSeconds(2), TimeSpan.FromSeconds(4));
        Assert.Contains(host.Logs.Lines, line => line.Contains("leads no longer", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Jobs_that_a_node_died_with_run_one_at_a_time_and_beside_no_other()
    {
        var running = new ConcurrentDictionary<long, bool>();
        var suspectsBeside = new ConcurrentQueue<int>();
        await using var host = await TestHost.StartAsync(
            static jobs => jobs.AddQueue("other", 5).Configure(options => options.NodeLease = TimeSpan.FromSeconds(3)),
            script => script.Greet = async (job, cancellationToken) =>
            {
                running.TryAdd(job.Id, true);
                if (job.Queue == "other")
                    suspectsBeside.Enqueue(running.Count);
                await Task.Delay(10, cancellationToken);
                if (job.Queue == "other")
                    suspectsBeside.Enqueue(running.Count);
                running.TryRemove(job.Id, out _);
                return JobOutcome.Complete;
            });

        await host.ExecuteAsync("""
            INSERT INTO jobs.jobs (queue, worker, crashes, args) SELECT 'other', 'greeter', 1, '{"text": "suspect"}' FROM generate_series(1, 20);
            INSERT INTO jobs.jobs (queue, worker, args) SELECT 'tests', 'greeter', '{"text": "good"}' FROM generate_series(1, 300);
            """);

        await host.UntilAsync<long>("SELECT count(*) FROM jobs.jobs WHERE state = 'completed'", count => count == 320);
        Assert.Equal(40, suspectsBeside.Count);
        Assert.All(suspectsBeside, beside => Assert.Equal(1, beside));
        Assert.Equal(20, host.Logs.Lines.Count(line => line.Contains("now runs alone", StringComparison.Ordinal)));
    }

    // Executing under the id of a node that a suspect kills, it would be a suspect too.
    [Fact]
    public async Task What_a_lost_answer_has_left_goes_back_before_the_next_suspect_runs()
    {
        const int second = 21;
        var goOn = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var left = new TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously);
        TestHost? host = null;
        await using var started = host = await TestHost.StartAsync(
            static jobs => jobs.Configure(options => options.NodeLease = TimeSpan.FromSeconds(10)),
            script => script.Greet = async (job, cancellationToken) =>
            {
                script.Say($"{job.MaxAttempts}");
                if (job.MaxAttempts < second)
                    await goOn.Task.WaitAsync(cancellationToken);
                else
                    left.TrySetResult(await host!.ScalarAsync<string>("SELECT state::text FROM jobs.jobs WHERE crashes = 0"));
                return JobOutcome.Complete;
            });
        host.Services.GetRequiredService<UnknownJobs>().MayBeIn("tests");

        await host.ExecuteAsync("INSERT INTO jobs.jobs (worker, queue, max_attempts, crashes, args) SELECT 'greeter', 'tests', number, 1, '{\"text\": \"suspect\"}' FROM generate_series(20, 21) AS number");
        await host.Script.Seen("20");
        await host.ExecuteAsync("""
            INSERT INTO jobs.jobs (worker, queue, state, node, run, attempt, attempted_at, max_attempts, args)
            SELECT 'greeter', 'tests', 'executing', id, 1, 1, jobs.clock(), 22, '{"text": "left"}'
            FROM jobs.nodes
            """);
        goOn.SetResult();

        Assert.Equal("available", await left.Task.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken));
        await host.UntilAsync<long>("SELECT count(*) FROM jobs.jobs WHERE state = 'completed'", static count => count == 3);
    }

    [Fact]
    public async Task Suspects_do_not_wait_for_ever_behind_jobs_that_run_longer_than_the_lease()
    {
        var longJobs = 0;
        await using var host = await TestHost.StartAsync(
            static jobs => jobs.Configure(options => options.NodeLease = TimeSpan.FromSeconds(3)),
            script => script.Greet = async (job, cancellationToken) =>
            {
                if (job.MaxAttempts == 3)
                    await Task.Delay(TimeSpan.FromSeconds(4 + Interlocked.Increment(ref longJobs) % 3), cancellationToken);
                else
                    script.Say("suspect");
                return JobOutcome.Complete;
            });

        // Twenty rounds of long jobs, more than two minutes: whoever runs only when they are done is late.
        await host.ExecuteAsync("""
            INSERT INTO jobs.jobs (queue, worker, max_attempts, args) SELECT 'tests', 'greeter', 3, '{"text": "long"}' FROM generate_series(1, 150);
            INSERT INTO jobs.jobs (queue, worker, max_attempts, crashes, args) VALUES ('tests', 'greeter', 20, 1, '{"text": "suspect"}');
            """);
        await host.UntilAsync<long>("SELECT count(*) FROM jobs.jobs WHERE state = 'completed' AND crashes = 1", count => count == 1, TimeSpan.FromMinutes(1));

        Assert.True(await host.ScalarAsync<long>("SELECT count(*) FROM jobs.jobs WHERE state = 'available'") > 50);
    }

    // Of the few, the last claim has brought all, and finds no more work; of the many, it has room for the next.
    [Theory]
    [InlineData(20)]
    [InlineData(1_500)]
    public async Task Jobs_claimed_ahead_do_not_wait_behind_long_ones_while_another_node_has_room(int longJobs)
    {
        var goOn = new TaskCompletionSource();
        async Task<JobOutcome> WaitIfLongAsync(JobContext job)
        {
            if (job.Attempt < job.MaxAttempts)
                await goOn.Task;
            return JobOutcome.Complete;
        }

        await using var first = await TestHost.StartAsync(static jobs => jobs.AddQueue("quick", 2), script => script.Greet = (job, _) => WaitIfLongAsync(job));
        await first.ExecuteAsync($$"""
            INSERT INTO jobs.jobs (queue, worker, priority, max_attempts, args) SELECT 'quick', 'greeter', 0, 1, '{"text": "quick"}' FROM generate_series(1, 20000);
            INSERT INTO jobs.jobs (queue, worker, priority, max_attempts, args) SELECT 'quick', 'greeter', 1, 2, '{"text": "long"}' FROM generate_series(1, {{longJobs}});
            """);
        await first.UntilAsync<long>("SELECT count(*) FROM jobs.jobs WHERE state = 'completed'", count => count == 20_000);
        await using (var second = await first.StartAnotherAsync(static jobs => jobs.AddQueue("quick", 2_000), script => script.Greet = (job, _) =>
        {
            script.Say($"began {job.Id}");
            return WaitIfLongAsync(job);
        }))
        {
            using var timeout = new CancellationTokenSource(TimeSpan.FromSeconds(20));
            using var poll = new PeriodicTimer(TimeSpan.FromMilliseconds(20));
            while (second.Script.Events.Count < longJobs - 2)
                await poll.WaitForNextTickAsync(timeout.Token);
            goOn.SetResult();
            await first.UntilAsync<long>("SELECT count(*) FROM jobs.jobs WHERE state = 'completed' AND attempt = 1", count => count == 20_000 + longJobs);
        }
    }

    [Fact]
    public async Task A_claim_whose_answer_comes_when_the_host_has_begun_to_stop_starts_nothing()
    {
        await using var host = await TestHost.StartAsync(static jobs => jobs.AddQueue("many", 200));
        await using var connection = new NpgsqlConnection(host.ConnectionString);
        await connection.OpenAsync(TestContext.Current.CancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(TestContext.Current.CancellationToken);
        await using var hold = new NpgsqlCommand(
            "LOCK TABLE jobs.jobs IN EXCLUSIVE MODE; INSERT INTO jobs.jobs (queue, worker, args) SELECT 'many', 'greeter', '{\"text\": \"late\"}' FROM generate_series(1, 200)", connection, transaction);
        await hold.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
        await host.UntilAsync<long>("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'LISTEN%'", count => count == 1);
        await host.ExecuteAsync("NOTIFY jobs_queue, 'tests'; NOTIFY jobs_queue, 'many'");
        await host.UntilAsync<long>(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock' AND query LIKE '%WITH share AS%' AND pid <> pg_backend_pid()",
            count => count == 2);

        var stopping = host.StopAsync();
        await host.Logs.Seen("stopped claiming");
        await transaction.CommitAsync(TestContext.Current.CancellationToken);
        await stopping;

        Assert.DoesNotContain(host.Script.Events, seen => seen.StartsWith("late", StringComparison.Ordinal));
        Assert.Equal(200, await host.ScalarAsync<long>("SELECT count(*) FROM jobs.jobs WHERE state = 'available' AND attempt = 0 AND run = 1"));
    }

    [Fact]
    public async Task Jobs_claimed_ahead_are_given_back_at_shutdown_without_costing_an_attempt()
    {
        await using var host = await TestHost.StartAsync(static jobs => jobs.AddQueue("quick", 2));
        await host.ExecuteAsync("INSERT INTO jobs.jobs (queue, worker, args) SELECT 'quick', 'greeter', '{\"text\": \"quick\"}' FROM generate_series(1, 100000)");
        await host.UntilAsync<long>("SELECT count(*) FROM jobs.jobs WHERE state = 'completed'", count => count > 2_000);

        await host.StopAsync();

        Assert.Equal(0, await host.ScalarAsync<long>("SELECT count(*) FROM jobs.jobs WHERE state = 'executing'"));
        Assert.Equal(0, await host.ScalarAsync<long>("SELECT count(*) FROM jobs.jobs WHERE state = 'available' AND attempt <> 0"));
        Assert.True(await host.ScalarAsync<long>("SELECT count(*) FROM jobs.jobs WHERE state = 'available' AND run > 0") > 0);
        Assert.Equal(0, await host.ScalarAsync<long>("SELECT count(*) FROM jobs.nodes"));
        Assert.Equal(0, await host.ScalarAsync<long>("SELECT count(*) FROM jobs.leader"));
    }
}
