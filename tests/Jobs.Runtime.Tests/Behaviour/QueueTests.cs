namespace Jobs.Runtime.Tests.Behaviour;

/// <summary>What is said of queues at run time, and how soon the nodes follow.</summary>
public sealed class QueueTests
{
    // Nodes look each minute, so what they follow at once they were told.
    static readonly Action<JobsBuilder> SeldomPolled = static jobs => jobs.Configure(options => options.PollInterval = TimeSpan.FromMinutes(1));

    [Fact]
    public async Task A_paused_queue_starts_nothing_on_any_node_and_its_running_jobs_go_on_until_it_is_resumed()
    {
        var goOn = new TaskCompletionSource();
        await using var first = await TestHost.StartAsync(SeldomPolled, script => script.Greet = async (job, _) =>
        {
            script.Say($"began {job.Id}");
            await goOn.Task;
            return JobOutcome.Complete;
        });
        await using var second = await first.StartAnotherAsync(SeldomPolled);
        await ListenAsync(first, 2);
        var running = await first.Client.EnqueueAsync(Greeter.New(new Greeting("running")), TestContext.Current.CancellationToken);
        await first.UntilAsync<long>("SELECT count(*) FROM jobs.jobs WHERE attempt = 1", static count => count == 1);

        Assert.Equal(2, await second.Client.Queues.PauseAsync("tests", cancellationToken: TestContext.Current.CancellationToken));
        await first.Logs.Seen("Queue \"tests\" is Paused now");
        await second.Logs.Seen("Queue \"tests\" is Paused now");
        goOn.SetResult();
        await first.StateAsync(running.Id, "completed");
        var waiting = await first.Client.EnqueueAsync(Greeter.New(new Greeting("waiting")), TestContext.Current.CancellationToken);
        await first.ExecuteAsync("NOTIFY jobs_queue, 'tests'");
        await using (var third = await first.StartAnotherAsync(SeldomPolled))
        {
            await third.Logs.Seen("Queue \"tests\" is Paused now");
            await Task.Delay(300, TestContext.Current.CancellationToken);
            Assert.Equal("available", await first.ScalarAsync<string>($"SELECT state::text FROM jobs.jobs WHERE id = {waiting.Id} AND run = 0"));
        }

        await second.Client.Queues.ResumeAsync(cancellationToken: TestContext.Current.CancellationToken);
        await first.StateAsync(waiting.Id, "completed");
    }

    [Fact]
    public async Task A_queue_with_places_for_more_claims_two_thousand_at_once_and_never_fewer_than_there_are_places_for()
    {
        var end = new TaskCompletionSource();
        await using var host = await TestHost.StartAsync(static jobs => jobs.AddQueue("wide", 5_000), script => script.Greet = async (_, _) =>
        {
            await end.Task;
            return JobOutcome.Complete;
        });

        await host.ExecuteAsync("INSERT INTO jobs.jobs (queue, worker, args) SELECT 'wide', 'greeter', '{\"text\": \"hello\"}' FROM generate_series(1, 5000)");
        await host.UntilAsync<long>("SELECT count(*) FROM jobs.jobs WHERE state = 'executing'", static count => count == 5_000);

        Assert.Equal("2000, 2000, 1000", await host.ScalarAsync<string>(
            "SELECT string_agg(size::text, ', ' ORDER BY attempted_at) FROM (SELECT attempted_at, count(*) AS size FROM jobs.jobs GROUP BY attempted_at) AS claim"));
        end.SetResult();
        await host.UntilAsync<long>("SELECT count(*) FROM jobs.jobs WHERE state = 'completed'", static count => count == 5_000);
    }

    [Fact]
    public async Task A_queue_is_paused_on_one_node_by_its_name_and_stays_so_when_the_node_restarts()
    {
        await using var first = await TestHost.StartAsync(Named("one"));
        await using var second = await first.StartAnotherAsync(Named("two"));
        await first.Client.Queues.PauseAsync("tests", "one", TestContext.Current.CancellationToken);
        await first.Logs.Seen("Queue \"tests\" is Paused now");
        await first.StopAsync();
        await using var again = await second.StartAnotherAsync(Named("one"));

        await second.Client.EnqueueManyAsync(Enumerable.Range(0, 50).Select(i => Greeter.New(new Greeting($"{i}"))), TestContext.Current.CancellationToken);
        await second.UntilAsync<long>("SELECT count(*) FROM jobs.jobs WHERE state = 'completed'", static count => count == 50);

        Assert.Empty(again.Script.Events);
        var queue = Assert.Single(await again.Client.Queues.GetAsync(TestContext.Current.CancellationToken));
        Assert.Equal([("one", QueueState.Paused, 5), ("two", QueueState.Running, 5)], queue.Nodes.Select(node => (node.Node, node.State, node.Concurrency)));

        static Action<JobsBuilder> Named(string name) => jobs => jobs.Configure(options => options.NodeName = name);
    }

    [Fact]
    public async Task A_queue_that_is_scaled_runs_as_many_jobs_at_once_as_was_said_and_those_that_run_go_on()
    {
        var (goOn, running) = (new SemaphoreSlim(0), 0);
        await using var host = await TestHost.StartAsync(SeldomPolled, script => script.Greet = async (_, _) =>
        {
            Interlocked.Increment(ref running);
            await goOn.WaitAsync(CancellationToken.None);
            Interlocked.Decrement(ref running);
            return JobOutcome.Complete;
        });
        await host.Client.EnqueueManyAsync(Enumerable.Range(0, 40).Select(i => Greeter.New(new Greeting($"{i}"))), TestContext.Current.CancellationToken);
        await RunningAsync(5);

        await host.Client.Queues.ScaleAsync("tests", 8, cancellationToken: TestContext.Current.CancellationToken);
        await RunningAsync(8);
        await host.Client.Queues.ScaleAsync("tests", 2, cancellationToken: TestContext.Current.CancellationToken);
        await host.Logs.Seen("runs 2 jobs at once now");
        goOn.Release(6);
        await host.UntilAsync<long>("SELECT count(*) FROM jobs.jobs WHERE state = 'completed'", static count => count == 6);
        await RunningAsync(2);
        goOn.Release(1);
        await host.UntilAsync<long>("SELECT count(*) FROM jobs.jobs WHERE state = 'completed'", static count => count == 7);
        await RunningAsync(2);
        await host.Client.Queues.ScaleAsync("tests", null, cancellationToken: TestContext.Current.CancellationToken);
        await RunningAsync(5);
        goOn.Release(100);

        // Long enough for one too many to start. What is claimed ahead does not run.
        async Task RunningAsync(int count)
        {
            await host.UntilAsync<bool>("SELECT true", _ => Volatile.Read(ref running) == count);
            await Task.Delay(200, TestContext.Current.CancellationToken);
            Assert.Equal(count, Volatile.Read(ref running));
        }
    }

    [Fact]
    public async Task The_jobs_of_a_stopped_queue_have_the_grace_and_then_go_back_at_the_cost_of_no_attempt()
    {
        var never = new TaskCompletionSource();
        await using var host = await TestHost.StartAsync(
            static jobs => jobs.AddQueue("other", 1).Configure(options => options.ShutdownGrace = TimeSpan.FromSeconds(1)),
            script => script.Greet = async (job, cancellationToken) =>
            {
                script.Say($"began {job.Id}");
                var token = job.Queue == "other" || job.Attempt > 1 ? CancellationToken.None : cancellationToken;
                await (job.Id % 3 == 0 ? Task.Delay(Timeout.Infinite, token) : job.Id % 3 == 1 ? Task.Delay(200, token) : never.Task);
                return JobOutcome.Complete;
            });
        await host.ExecuteAsync("""
            INSERT INTO jobs.jobs (id, queue, worker, args)
            VALUES (3, 'tests', 'greeter', '{"text": "obeys"}'), (5, 'tests', 'greeter', '{"text": "disobeys"}'), (8, 'other', 'greeter', '{"text": "elsewhere"}')
            """);
        foreach (var id in new[] { 3, 5, 8 })
            await host.Script.Seen($"began {id}");
        await host.ExecuteAsync("INSERT INTO jobs.jobs (id, queue, worker, args) VALUES (4, 'tests', 'greeter', '{\"text\": \"ends\"}')");
        await host.Script.Seen("began 4");

        await host.Client.Queues.StopAsync("tests", cancellationToken: TestContext.Current.CancellationToken);

        await host.StateAsync(4, "completed");
        await host.StateAsync(3, "available");
        await host.StateAsync(5, "available");
        await host.Logs.Seen("Gave back 1 jobs of queue \"tests\"");
        Assert.Equal(2, await host.ScalarAsync<long>("SELECT count(*) FROM jobs.jobs WHERE id IN (3, 5) AND attempt = 0 AND run = 1 AND node IS NULL"));
        Assert.Equal("executing", await host.ScalarAsync<string>("SELECT state::text FROM jobs.jobs WHERE id = 8"));
        never.SetResult();
        await host.Client.Queues.ResumeAsync("tests", cancellationToken: TestContext.Current.CancellationToken);
        await host.StateAsync(5, "completed");
    }

    [Fact]
    public async Task A_queue_that_is_resumed_within_the_grace_keeps_its_running_jobs()
    {
        await using var host = await TestHost.StartAsync(
            static jobs => jobs.Configure(options => options.ShutdownGrace = TimeSpan.FromSeconds(1)),
            script => script.Greet = async (job, cancellationToken) =>
            {
                script.Say("began");
                await Task.Delay(2_500, cancellationToken);
                return JobOutcome.Complete;
            });
        var job = await host.Client.EnqueueAsync(Greeter.New(new Greeting("stays")), TestContext.Current.CancellationToken);
        await host.Script.Seen("began");

        await host.Client.Queues.StopAsync(cancellationToken: TestContext.Current.CancellationToken);
        await host.Logs.Seen("is Stopped now");
        await host.Client.Queues.ResumeAsync(cancellationToken: TestContext.Current.CancellationToken);

        await host.StateAsync(job.Id, "completed");
        Assert.Equal(1, await host.ScalarAsync<long>("SELECT run FROM jobs.jobs"));
    }

    [Fact]
    public async Task A_suspect_of_a_paused_queue_waits()
    {
        await using var host = await TestHost.StartAsync(static jobs => jobs.AddQueue("other", 1));
        await host.Client.Queues.PauseAsync("tests", cancellationToken: TestContext.Current.CancellationToken);
        await host.Logs.Seen("is Paused now");

        await host.ExecuteAsync("""
            INSERT INTO jobs.jobs (queue, worker, args, crashes) VALUES ('tests', 'greeter', '{"text": "paused"}', 1), ('other', 'greeter', '{"text": "runs"}', 2)
            """);
        await host.UntilAsync<long>("SELECT count(*) FROM jobs.jobs WHERE state = 'completed' AND queue = 'other'", static count => count == 1);
        await Task.Delay(200, TestContext.Current.CancellationToken);
        Assert.Equal(1, await host.ScalarAsync<long>("SELECT count(*) FROM jobs.jobs WHERE state = 'available' AND run = 0"));

        await host.Client.Queues.ResumeAsync("tests", cancellationToken: TestContext.Current.CancellationToken);
        await host.Script.Seen("paused, attempt 1");
    }

    [Theory]
    [InlineData("")]
    [InlineData(" ")]
    [InlineData("a\0b")]
    public async Task A_name_that_no_queue_or_node_can_have_is_refused(string name)
    {
        await using var host = await TestHost.StartAsync();

        await Assert.ThrowsAsync<ArgumentException>(() => host.Client.Queues.PauseAsync(name, cancellationToken: TestContext.Current.CancellationToken));
        await Assert.ThrowsAsync<ArgumentException>(() => host.Client.Queues.ScaleAsync("tests", 1, name, TestContext.Current.CancellationToken));
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(() => host.Client.Queues.ScaleAsync("tests", 0, cancellationToken: TestContext.Current.CancellationToken));
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(() => host.Client.Queues.ScaleAsync("tests", 10_001, cancellationToken: TestContext.Current.CancellationToken));
    }

    static Task ListenAsync(TestHost host, int nodes) =>
        host.UntilAsync<long>("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'LISTEN%'", count => count == nodes);
}
