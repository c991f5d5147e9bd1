using System.Diagnostics;
using Jobs.Queues;
using Jobs.Store;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace Jobs.Runtime.Tests.Behaviour;

/// <summary>Jobs that start on the node that enqueues them, and those that do not.</summary>
public sealed class LocalStartTests
{
    static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_job_runs_here_at_once_as_if_it_had_been_claimed()
    {
        await using var host = await TestHost.StartAsync(SeldomPolledAndImpatient, static script => script.Greet = static (_, token) => StayAsync(token));
        await UntilWaitsAsync(host);

        var job = await host.Client.EnqueueAsync(Greeter.New(new Greeting("here")), Token);

        Assert.Equal("executing 1 1 0 True", await RowAsync(host, job.Id));
    }

    [Fact]
    public async Task The_context_of_such_a_job_is_that_of_a_claimed_one()
    {
        JobContext? seen = null;
        await using var host = await TestHost.StartAsync(SeldomPolled, script => script.Greet = (job, _) =>
        {
            seen = job;
            return Task.FromResult(JobOutcome.Complete);
        });
        await UntilWaitsAsync(host);

        var meta = new Dictionary<string, string> { ["trace"] = "17" };
        var job = await host.Client.EnqueueAsync(Greeter.New(new Greeting("here")) with { MaxAttempts = 7, Tags = ["vip"], Meta = meta }, Token);
        await host.Script.Seen("here, attempt 1");

        Assert.Equal((job.Id, 1, 7, "tests"), (seen!.Id, seen.Attempt, seen.MaxAttempts, seen.Queue));
        Assert.Equal(["vip"], seen.Tags);
        Assert.Equal(meta, seen.Meta);
        await host.StateAsync(job.Id, "completed");
    }

    [Fact]
    public async Task A_job_sees_nothing_of_the_context_of_the_code_that_enqueues_it()
    {
        var ambient = new AsyncLocal<string> { Value = "host" };
        var seen = "";
        await using var host = await TestHost.StartAsync(SeldomPolled, script => script.Greet = (_, _) =>
        {
            seen = $"{ambient.Value}, {Activity.Current?.OperationName ?? "no trace"}";
            return Task.FromResult(JobOutcome.Complete);
        });
        await UntilWaitsAsync(host);

        ambient.Value = "request";
        using (new Activity("request").Start())
            await host.Client.EnqueueAsync(Greeter.New(new Greeting("here")), Token);
        await host.Script.Seen("here, attempt 1");

        Assert.Equal("host, no trace", seen);
    }

    [Fact]
    public async Task Jobs_that_find_no_free_slot_wait_for_one()
    {
        var leave = new TaskCompletionSource();
        await using var host = await TestHost.StartAsync(SeldomPolled, script => script.Greet = async (_, _) =>
        {
            await leave.Task;
            return JobOutcome.Complete;
        });
        await UntilWaitsAsync(host);

        var jobs = new List<long>();
        for (var number = 0; number < 12; number++)
            jobs.Add((await host.Client.EnqueueAsync(Greeter.New(new Greeting($"{number}")), Token)).Id);
        await host.UntilAsync<long>("SELECT count(*) FROM jobs.jobs WHERE state = 'executing'", static count => count == 5);
        Assert.Equal(7, await host.ScalarAsync<long>("SELECT count(*) FROM jobs.jobs WHERE state = 'available'"));
        leave.SetResult();

        foreach (var job in jobs)
            await host.StateAsync(job, "completed");
        Assert.Equal(12, host.Script.Events.Count(static text => text.EndsWith("attempt 1", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task What_is_not_for_this_node_or_not_for_now_is_left_to_the_claims()
    {
        await using var host = await TestHost.StartAsync(SeldomPolledAndImpatient, static script => script.Greet = static (_, token) => StayAsync(token));
        await UntilWaitsAsync(host);
        var greeting = Greeter.New(new Greeting("later"));
        NewJob[] others =
        [
            greeting with { Queue = "elsewhere" },
            greeting with { ScheduleIn = TimeSpan.FromHours(1) },
            greeting with { ScheduleAt = DateTimeOffset.UtcNow.AddHours(1) },
            Conformance.StoreHarness.NewJob() with { Queue = "tests" },
        ];

        foreach (var job in others)
            await host.Client.EnqueueAsync(job, Token);

        Assert.Equal(0, await host.ScalarAsync<long>("SELECT max(run) FROM jobs.jobs"));
    }

    [Fact]
    public async Task A_job_of_the_callers_transaction_does_not_start_before_its_commit()
    {
        await using var host = await TestHost.StartAsync(Unnotified);
        await UntilWaitsAsync(host);
        await using var connection = new NpgsqlConnection(host.ConnectionString);
        await connection.OpenAsync(Token);
        await using var transaction = await connection.BeginTransactionAsync(Token);

        await host.Client.EnqueueAsync(Greeter.New(new Greeting("mine")), transaction, Token);
        await using (var look = new NpgsqlCommand("SELECT state::text FROM jobs.jobs", connection, transaction))
            Assert.Equal("available", await look.ExecuteScalarAsync(Token));
        await transaction.CommitAsync(Token);

        await host.Script.Seen("mine, attempt 1");
    }

    [Fact]
    public async Task Nobody_else_hears_of_a_job_that_starts_here()
    {
        await using var host = await TestHost.StartAsync();
        await using var listener = new NpgsqlConnection(host.ConnectionString);
        await listener.OpenAsync(Token);
        var heard = new List<string>();
        listener.Notification += (_, notification) => heard.Add(notification.Payload);
        await using (var listen = new NpgsqlCommand("LISTEN jobs_queue", listener))
            await listen.ExecuteNonQueryAsync(Token);

        // The node's own listener has it look around once when it is there, and then a job is claimed.
        while (!await StartsHereAsync())
        {
            await UntilHeardAsync("tests");
            heard.Clear();
        }

        await host.Client.EnqueueAsync(Greeter.New(new Greeting("there")) with { Queue = "elsewhere" }, Token);
        await UntilHeardAsync("elsewhere");

        Assert.Equal(["elsewhere"], heard);

        async Task<bool> StartsHereAsync()
        {
            var job = await host.Client.EnqueueAsync(Greeter.New(new Greeting("here")), Token);
            await host.StateAsync(job.Id, "completed");
            return await host.ScalarAsync<bool>($"SELECT attempted_at = inserted_at FROM jobs.jobs WHERE id = {job.Id}");
        }

        async Task UntilHeardAsync(string queue)
        {
            while (!heard.Contains(queue))
                await listener.WaitAsync(Token).WaitAsync(TimeSpan.FromSeconds(30), Token);
        }
    }

    [Fact]
    public async Task A_job_that_is_on_its_way_when_its_queue_is_paused_goes_back()
    {
        await using var host = await TestHost.StartAsync(Unnotified);
        await UntilWaitsAsync(host);
        Task<EnqueuedJob> enqueuing;
        await using (await HoldTableAsync(host))
        {
            enqueuing = host.Client.EnqueueAsync(Greeter.New(new Greeting("late")), Token);
            await UntilInsertWaitsAsync(host);
            await host.Client.Queues.PauseAsync("tests", cancellationToken: Token);
            while (Queue(host).IsRunning)
                await Task.Delay(10, Token);
        }

        var job = await enqueuing;
        await host.StateAsync(job.Id, "available");
        Assert.Equal("available 1 0 0 False", await RowAsync(host, job.Id));
        await host.Client.Queues.ResumeAsync("tests", cancellationToken: Token);
        await host.Script.Seen("late, attempt 1");
    }

    [Fact]
    public async Task A_host_that_stops_waits_for_a_job_that_is_on_its_way()
    {
        await using var host = await TestHost.StartAsync(Unnotified);
        await UntilWaitsAsync(host);
        Task<EnqueuedJob> enqueuing;
        Task stopping;
        await using (await HoldTableAsync(host))
        {
            enqueuing = host.Client.EnqueueAsync(Greeter.New(new Greeting("late")), Token);
            await UntilInsertWaitsAsync(host);
            stopping = host.StopAsync();
        }

        var job = await enqueuing;
        await stopping;
        Assert.Equal("completed 1 1 0 False", await RowAsync(host, job.Id));
    }

    [Fact]
    public async Task What_a_lost_answer_leaves_behind_runs_once()
    {
        await using var host = await TestHost.StartAsync(Unnotified);
        await UntilWaitsAsync(host);
        var lost = await host.Services.GetRequiredService<JobStore>().EnqueueStartedAsync(
            Greeter.New(new Greeting("lost")), host.Services.GetRequiredService<Nodes.Node>().PresentLease!.Id, Token);

        using var cancelled = new CancellationTokenSource();
        await using (await HoldTableAsync(host))
        {
            var enqueuing = host.Client.EnqueueAsync(Greeter.New(new Greeting("cancelled")), cancelled.Token);
            await UntilInsertWaitsAsync(host);
            await cancelled.CancelAsync();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => enqueuing);
        }

        await host.StateAsync(lost.Id, "completed");
        Assert.Equal("completed 2 1 0 False", await RowAsync(host, lost.Id));
        Assert.Equal(1, await host.ScalarAsync<long>("SELECT count(*) FROM jobs.jobs"));
        Assert.Equal("lost, attempt 1", Assert.Single(host.Script.Events, static text => text.EndsWith("attempt 1", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task What_is_on_its_way_is_not_taken_for_lost()
    {
        const int Times = 2_000;
        await using var host = await TestHost.StartAsync(Unnotified);
        await UntilWaitsAsync(host);
        var unknown = host.Services.GetRequiredService<UnknownJobs>();

        var enqueuing = Parallel.ForAsync(0, Times, new ParallelOptions { MaxDegreeOfParallelism = 4, CancellationToken = Token }, async (number, token) =>
            await host.Client.EnqueueAsync(Greeter.New(new Greeting($"{number}")), token));
        while (!enqueuing.IsCompleted)
        {
            unknown.MayBeIn("tests");
            await Task.Delay(1, Token);
        }

        await enqueuing;
        await host.UntilAsync<long>("SELECT count(*) FROM jobs.jobs WHERE state = 'completed'", static count => count == Times);
        Assert.Equal(Times, await host.ScalarAsync<long>("SELECT count(*) FROM jobs.jobs WHERE run = 1 AND attempt = 1"));
        Assert.Equal(Times, host.Script.Events.Count(static text => text.EndsWith("attempt 1", StringComparison.Ordinal)));
    }

    // A listener has its node look around once when it is there, and the gate is shut meanwhile.
    static void Unnotified(JobsBuilder jobs) => jobs.Configure(static options => options.Notifications = false);

    static void SeldomPolled(JobsBuilder jobs)
    {
        Unnotified(jobs);
        jobs.Configure(static options => options.PollInterval = TimeSpan.FromMinutes(1));
    }

    static void SeldomPolledAndImpatient(JobsBuilder jobs)
    {
        SeldomPolled(jobs);
        jobs.Configure(static options => options.ShutdownGrace = TimeSpan.Zero);
    }

    static async Task<JobOutcome> StayAsync(CancellationToken token)
    {
        await Task.Delay(Timeout.Infinite, token);
        return JobOutcome.Complete;
    }

    static WorkedQueue Queue(TestHost host) => host.Services.GetRequiredService<WorkedQueues>().Find("tests")!;

    // The first claim of a host that has just started may be under way.
    static async Task UntilWaitsAsync(TestHost host)
    {
        var gate = Queue(host).Starts;
        while (!gate.TryEnter())
            await Task.Delay(5, Token);
        gate.Exit();
    }

    static Task<string> RowAsync(TestHost host, long id) =>
        host.ScalarAsync<string>($"SELECT concat_ws(' ', state, run, attempt, crashes, CASE WHEN node IS NULL THEN 'False' ELSE 'True' END) FROM jobs.jobs WHERE id = {id}");

    /// <summary>Has every statement that changes jobs wait, until it is disposed.</summary>
    static async Task<NpgsqlConnection> HoldTableAsync(TestHost host)
    {
        var holder = new NpgsqlConnection(host.ConnectionString);
        await holder.OpenAsync(Token);
        await using var hold = new NpgsqlCommand("BEGIN; LOCK TABLE jobs.jobs IN EXCLUSIVE MODE", holder);
        await hold.ExecuteNonQueryAsync(Token);
        return holder;
    }

    static Task<long> UntilInsertWaitsAsync(TestHost host) => host.UntilAsync<long>(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock' AND query LIKE 'INSERT INTO %RETURNING id, args, meta%'",
        static count => count == 1);
}
