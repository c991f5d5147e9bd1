namespace Jobs.Runtime.Tests.Behaviour;

public sealed class PerformTests
{
    [Fact]
    public async Task A_job_runs_in_a_scope_of_its_own_and_its_worker_is_disposed()
    {
        await using var host = await TestHost.StartAsync();

        var job = await host.Client.EnqueueAsync(Greeter.New(new Greeting("hello")), TestContext.Current.CancellationToken);

        await host.StateAsync(job.Id, "completed");
        Assert.Equal(["hello, attempt 1", "worker disposed", "scope disposed"], host.Script.Events);
    }

    [Fact]
    public async Task A_worker_has_its_required_members_and_keyed_services_from_the_scope_of_its_job_and_is_disposed_before_it()
    {
        await using var host = await TestHost.StartAsync();

        var first = await host.Client.EnqueueAsync(Parting.New(new Farewell("bye")), TestContext.Current.CancellationToken);
        await host.StateAsync(first.Id, "completed");
        var second = await host.Client.EnqueueAsync(Parting.New(new Farewell("again")), TestContext.Current.CancellationToken);
        await host.StateAsync(second.Id, "completed");

        string[] ends = ["parted", "scope disposed", "scope disposed"];
        Assert.Equal(["bye, its scope, its spare", .. ends, "again, its scope, its spare", .. ends], host.Script.Events);
    }

    [Fact]
    public async Task A_job_stored_under_a_former_name_of_its_worker_runs_and_a_new_one_is_stored_under_the_present_name()
    {
        await using var host = await TestHost.StartAsync();

        await host.ScalarAsync<long>("""INSERT INTO jobs.jobs (queue, worker, args) VALUES ('tests', 'App.OldGreeter', '{"text": "from before"}') RETURNING id""");
        var job = await host.Client.EnqueueAsync(Greeter.New(new Greeting("from now")), TestContext.Current.CancellationToken);

        await host.Script.Seen("from before, attempt 1");
        await host.Script.Seen("from now, attempt 1");
        Assert.Equal("greeter", await host.ScalarAsync<string>($"SELECT worker FROM jobs.jobs WHERE id = {job.Id}"));
    }

    [Fact]
    public async Task A_failed_job_waits_for_its_backoff_with_its_error_on_the_row_and_not_in_the_log()
    {
        await using var host = await TestHost.StartAsync(script: script => script.Greet = static (_, _) => throw new FormatException("canary ada@example.com"));

        var job = await host.Client.EnqueueAsync(Greeter.New(new Greeting("hello")), TestContext.Current.CancellationToken);

        await host.StateAsync(job.Id, "retryable");
        Assert.Contains("canary ada@example.com", await host.ScalarAsync<string>("SELECT errors->0->>'error' FROM jobs.jobs"), StringComparison.Ordinal);
        Assert.InRange(await host.ScalarAsync<double>("SELECT extract(epoch FROM scheduled_at - jobs.clock())::float8 FROM jobs.jobs"), 5, 19);
        Assert.Contains(host.Logs.Lines, line => line.Contains("System.FormatException", StringComparison.Ordinal));
        Assert.DoesNotContain(host.Logs.Lines, line => line.Contains("canary", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_job_that_fails_every_attempt_is_discarded_after_the_last()
    {
        await using var host = await TestHost.StartAsync(script: script =>
            script.Greet = static (_, _) => Task.FromResult(JobOutcome.RetryAfter(TimeSpan.Zero, "not yet")));

        var job = await host.Client.EnqueueAsync(Greeter.New(new Greeting("hello")), TestContext.Current.CancellationToken);

        await host.StateAsync(job.Id, "discarded");
        Assert.Equal(3, host.Script.Events.Count(line => line.StartsWith("hello", StringComparison.Ordinal)));
        Assert.Equal("""["not yet", "not yet", "not yet"]""", await host.ScalarAsync<string>("SELECT jsonb_path_query_array(errors, '$[*].error')::text FROM jobs.jobs"));
    }

    [Fact]
    public async Task A_worker_can_cancel_and_discard_its_job()
    {
        await using var host = await TestHost.StartAsync(script: script => script.Greet = static (job, _) => Task.FromResult(
            job.MaxAttempts == 1 ? JobOutcome.Cancel("no longer wanted") : JobOutcome.Discard("hopeless")));

        var cancelled = await host.Client.EnqueueAsync(Greeter.New(new Greeting("hello")) with { MaxAttempts = 1 }, TestContext.Current.CancellationToken);
        var discarded = await host.Client.EnqueueAsync(Greeter.New(new Greeting("hello")), TestContext.Current.CancellationToken);

        await host.StateAsync(cancelled.Id, "cancelled");
        await host.StateAsync(discarded.Id, "discarded");
    }

    [Fact]
    public async Task A_snoozed_job_runs_again_with_the_same_attempt()
    {
        await using var host = await TestHost.StartAsync();
        var runs = 0;
        host.Script.Greet = (_, _) => Task.FromResult(Interlocked.Increment(ref runs) < 4 ? JobOutcome.Snooze(TimeSpan.Zero) : JobOutcome.Complete);

        var job = await host.Client.EnqueueAsync(Greeter.New(new Greeting("hello")), TestContext.Current.CancellationToken);

        await host.StateAsync(job.Id, "completed");
        Assert.Equal(4, host.Script.Events.Count(line => line == "hello, attempt 1"));
        Assert.Equal(4, await host.ScalarAsync<long>("SELECT run FROM jobs.jobs"));
    }

    [Fact]
    public async Task The_batchs_metadata_is_injected_and_never_stored()
    {
        await using var host = await TestHost.StartAsync();

        await host.Client.EnqueueAsync(Greeter.New(new Order(1, "rush")), TestContext.Current.CancellationToken);
        await host.Client.EnqueueBatchAsync("b", [Greeter.New(new Order(2, null)), Greeter.New(new Order(3, null))], cancellationToken: TestContext.Current.CancellationToken);

        await host.Script.Seen("order 1 rush - 0 -");
        await host.Script.Seen("order 2 - b 2 b");
        await host.Script.Seen("order 3 - b 2 b");
        await host.Script.Seen("b: 2 completed, 0 cancelled, 0 discarded of 2");
        Assert.Equal("""{"note": null, "number": 2}""", await host.ScalarAsync<string>("SELECT args::text FROM jobs.jobs WHERE args->>'number' = '2'"));
    }

    [Fact]
    public async Task A_row_inserted_with_sql_runs_like_any_other()
    {
        await using var host = await TestHost.StartAsync();

        await host.ScalarAsync<long>("""INSERT INTO jobs.jobs (queue, worker, args) VALUES ('tests', 'greeter', '{"text": "from psql"}') RETURNING id""");

        await host.Script.Seen("from psql, attempt 1");
    }

    [Fact]
    public async Task A_queue_never_runs_more_than_its_concurrency()
    {
        await using var host = await TestHost.StartAsync();
        var (running, most) = (0, 0);
        host.Script.Greet = async (_, _) =>
        {
            InterlockedMax(ref most, Interlocked.Increment(ref running));
            await Task.Yield();
            Interlocked.Decrement(ref running);
            return JobOutcome.Complete;
        };

        var batch = await host.Client.EnqueueBatchAsync(Enumerable.Range(0, 500).Select(i => Greeter.New(new Greeting($"{i}"))), cancellationToken: TestContext.Current.CancellationToken);

        await host.Script.Seen($"{batch.Id}: 500 completed, 0 cancelled, 0 discarded of 500");
        Assert.InRange(most, 1, 5);

        static void InterlockedMax(ref int most, int value)
        {
            for (var seen = most; seen < value;)
                seen = Interlocked.CompareExchange(ref most, value, seen) is var now && now == seen ? value : now;
        }
    }

    [Fact]
    public async Task Enqueued_work_does_not_wait_for_the_poll()
    {
        await using var host = await TestHost.StartAsync(jobs => jobs.Configure(options => options.PollInterval = TimeSpan.FromMinutes(1)));

        for (var i = 0; i < 20; i++)
        {
            await host.Client.EnqueueAsync(Greeter.New(new Greeting($"{i}")), TestContext.Current.CancellationToken);
            await host.Script.Seen($"{i}, attempt 1");
        }
    }

    [Fact]
    public async Task A_node_that_was_taken_for_dead_cancels_its_jobs_and_comes_back_under_a_fresh_id()
    {
        await using var host = await TestHost.StartAsync(jobs => jobs.Configure(options => options.NodeLease = TimeSpan.FromSeconds(3)));
        host.Script.Greet = async (job, cancellationToken) =>
        {
            host.Script.Say("began");
            if (host.Script.Events.Count(line => line == "began") == 1)
                await new TaskCompletionSource().Task.WaitAsync(cancellationToken);
            return JobOutcome.Complete;
        };
        var job = await host.Client.EnqueueAsync(Greeter.New(new Greeting("hello")), TestContext.Current.CancellationToken);
        await host.Script.Seen("began");
        var node = await host.ScalarAsync<Guid>("SELECT id FROM jobs.nodes");

        await host.ScalarAsync<Guid>("DELETE FROM jobs.nodes RETURNING id");

        await host.StateAsync(job.Id, "completed");
        Assert.NotEqual(node, await host.ScalarAsync<Guid>("SELECT id FROM jobs.nodes"));
        Assert.Equal(2, await host.ScalarAsync<long>("SELECT run FROM jobs.jobs"));
    }

    [Fact]
    public async Task An_exception_whose_own_text_throws_is_a_failed_attempt()
    {
        await using var host = await TestHost.StartAsync(script: script => script.Greet = static (_, _) => throw new MuteException());

        var job = await host.Client.EnqueueAsync(Greeter.New(new Greeting("hello")), TestContext.Current.CancellationToken);

        await host.StateAsync(job.Id, "retryable");
        Assert.Contains(nameof(MuteException), await host.ScalarAsync<string>("SELECT errors->0->>'error' FROM jobs.jobs"), StringComparison.Ordinal);
    }

    sealed class MuteException : Exception
    {
        public override string Message => throw new InvalidOperationException("No text.");
    }
}
