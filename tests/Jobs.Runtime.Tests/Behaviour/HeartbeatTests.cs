using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace Jobs.Runtime.Tests.Behaviour;

/// <summary>What a running host says of its loops when one of them, or the whole process, shows no sign of life.</summary>
public sealed class HeartbeatTests
{
    static readonly string[] Periodic = ["BatchAuditor", "BatchSweeper", "LeaderElection", "Listener", "Node", "Poller", "Pruner", "Rescuer", "Stager", "StrandedReport"];

    // What waits for work, and what takes its turn once an hour: that is late only when enough sleeps have come together.
    const string Hourly = "SettingsSweeper";
    static readonly string[] Others = ["Acknowledger", "Producer of queue \"tests\"", "Quarantine", "SecondAcknowledger", Hourly, "WaitingOutcomes", "Watchdog"];

    const int MostSleeps = 50;

    [Fact]
    public async Task Every_loop_that_takes_turns_is_late_after_five_minutes_of_sleep_and_in_time_again_when_it_goes_on()
    {
        var time = new SleepingTime();
        await using var host = await StartAsync(time);

        // One that takes a turn in the very moment is not seen to be late: it is at the next time, when the node leads again and all go on. What waits
        // for work is late only where the sleep cut off a statement of its own, and so not each time.
        var late = new HashSet<string>();
        var rested = false;
        for (var sleeps = 0; sleeps < MostSleeps && !(rested && late.IsSupersetOf(Periodic)); sleeps++)
        {
            await UntilAsync(() => AllGoOn(host));
            time.Sleep(TimeSpan.FromMinutes(5));
            var now = Late(host);
            rested |= !now.Intersect(Others).Any(static loop => loop != Hourly);
            late.UnionWith(now);
        }

        Assert.Superset(Periodic.ToHashSet(), late);
        Assert.True(rested, "What waits for work is late after each sleep.");
        await UntilAsync(() => AllGoOn(host));

        await host.Client.EnqueueAsync(Greeter.New(new Greeting("after")), TestContext.Current.CancellationToken);
        await host.Script.Seen("after, attempt 1");
    }

    [Fact]
    public async Task Loops_that_wait_for_the_database_for_longer_than_a_statement_may_take_are_late()
    {
        var time = new SleepingTime();
        var end = new TaskCompletionSource();
        await using var host = await StartAsync(time, script => script.Greet = async (job, _) =>
        {
            script.Say($"began {job.Id}");
            await end.Task;
            return JobOutcome.Complete;
        });
        var first = await host.Client.EnqueueAsync(Greeter.New(new Greeting("first")), TestContext.Current.CancellationToken);
        await host.Script.Seen($"began {first.Id}");

        // Who changes jobs waits, and who only reads them does not.
        await using var connection = new NpgsqlConnection(host.ConnectionString);
        await connection.OpenAsync(TestContext.Current.CancellationToken);
        await using (var holder = await connection.BeginTransactionAsync(TestContext.Current.CancellationToken))
        {
            await using (var hold = new NpgsqlCommand(
                "LOCK TABLE jobs.jobs IN EXCLUSIVE MODE; INSERT INTO jobs.jobs (worker, queue, args) VALUES ('greeter', 'tests', '{\"text\": \"second\"}')", connection, holder))
                await hold.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
            end.SetResult();
            await host.ExecuteAsync("NOTIFY jobs_queue, 'tests'");
            await WaitingAsync(host, "input AS MATERIALIZED");
            await WaitingAsync(host, "taken AS MATERIALIZED");
            Assert.DoesNotContain("Acknowledger", Late(host));

            time.Sleep(TimeSpan.FromMinutes(2));

            var late = Late(host);
            Assert.Contains("Acknowledger", late);
            Assert.Contains("Producer of queue \"tests\"", late);
            await holder.CommitAsync(TestContext.Current.CancellationToken);
        }

        await host.Script.Seen("second, attempt 1");
        await UntilAsync(() => !host.Health.IsLate);
    }

    // A quarantine that hangs keeps the whole node from claiming.
    [Fact]
    public async Task A_quarantine_that_waits_for_the_database_for_longer_than_a_statement_may_take_is_late()
    {
        var time = new SleepingTime();
        await using var host = await StartAsync(time);
        await host.Client.EnqueueAsync(Greeter.New(new Greeting("first")), TestContext.Current.CancellationToken);
        await host.UntilAsync<long>("SELECT count(*) FROM jobs.jobs WHERE state = 'completed'", static count => count == 1);
        await host.ExecuteAsync(
            """
            CREATE FUNCTION wait() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_advisory_xact_lock(1); RETURN NEW; END $$;
            CREATE TRIGGER wait BEFORE UPDATE ON jobs.jobs FOR EACH ROW WHEN (OLD.crashes > 0 AND NEW.state = 'executing') EXECUTE FUNCTION wait()
            """);
        await using var connection = new NpgsqlConnection(host.ConnectionString);
        await connection.OpenAsync(TestContext.Current.CancellationToken);
        await using (var holder = await connection.BeginTransactionAsync(TestContext.Current.CancellationToken))
        {
            await using (var hold = new NpgsqlCommand("SELECT pg_advisory_xact_lock(1)", connection, holder))
                await hold.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
            await host.ExecuteAsync("INSERT INTO jobs.jobs (worker, queue, crashes, args) VALUES ('greeter', 'tests', 1, '{\"text\": \"suspect\"}')");
            await WaitingAsync(host, "ORDER BY crashes");

            time.Sleep(TimeSpan.FromMinutes(2));

            Assert.Contains("Quarantine", Late(host));
        }

        await host.Script.Seen("suspect, attempt 1");
        await UntilAsync(() => !host.Health.IsLate);
    }

    static Task<TestHost> StartAsync(SleepingTime time, Action<Script>? script = null) => TestHost.StartAsync(
        jobs =>
        {
            jobs.Services.AddSingleton<TimeProvider>(time);
            jobs.Configure(static options =>
            {
                options.PollInterval = TimeSpan.FromMilliseconds(200);
                options.NodeLease = TimeSpan.FromSeconds(6);
            });
        },
        script);

    static bool AllGoOn(TestHost host) =>
        !host.Health.IsLate && host.Health.Loops.Select(static loop => loop.Name).Order().SequenceEqual(Periodic.Concat(Others).Order());

    static IReadOnlyList<string> Late(TestHost host) => [.. host.Health.Loops.Where(static loop => loop.IsLate).Select(static loop => loop.Name)];

    static Task WaitingAsync(TestHost host, string statement) => host.UntilAsync<long>(
        $"SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock' AND query LIKE '%{statement}%' AND pid <> pg_backend_pid()", static count => count > 0);

    static async Task UntilAsync(Func<bool> holds)
    {
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        timeout.CancelAfter(TimeSpan.FromSeconds(60));
        using var poll = new PeriodicTimer(TimeSpan.FromMilliseconds(20));
        while (!holds())
            await poll.WaitForNextTickAsync(timeout.Token);
    }

    /// <summary>The clock of a process that slept: its monotonic time has moved on, and its timers go on where they were.</summary>
    sealed class SleepingTime : TimeProvider
    {
        long _slept;

        public void Sleep(TimeSpan time) => Interlocked.Add(ref _slept, (long)(time.TotalSeconds * TimestampFrequency));

        public override long GetTimestamp() => System.GetTimestamp() + Interlocked.Read(ref _slept);
    }
}
