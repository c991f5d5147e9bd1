using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Jobs.Runtime.Tests.Behaviour;

public sealed class FaultTests
{
    [Fact]
    public async Task Args_that_fit_no_shape_fail_alone_with_a_message_that_names_keys_and_no_values()
    {
        await using var host = await TestHost.StartAsync();

        var bad = await host.ScalarAsync<long>("""
            INSERT INTO jobs.jobs (queue, worker, max_attempts, args) VALUES ('tests', 'greeter', 1, '{"txet": "canary", "nested": {"a": 1}}') RETURNING id
            """);
        var good = await host.Client.EnqueueManyAsync(Enumerable.Range(0, 20).Select(i => Greeter.New(new Greeting($"{i}"))), TestContext.Current.CancellationToken);

        await host.StateAsync(bad, "discarded");
        foreach (var job in good)
            await host.StateAsync(job.Id, "completed");
        var error = await host.ScalarAsync<string>($"SELECT errors->0->>'error' FROM jobs.jobs WHERE id = {bad}");
        Assert.Contains($"Job {bad} (greeter, queue \"tests\", attempt 1 of 1) has args", error, StringComparison.Ordinal);
        Assert.Contains("\"txet\"", error, StringComparison.Ordinal);
        Assert.Contains("Accepted: {status: \"complete\", batch_id", error, StringComparison.Ordinal);
        Assert.DoesNotContain("canary", error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("null")]
    [InlineData("[]")]
    [InlineData("\"text\"")]
    [InlineData("1e400")]
    [InlineData("{\"text\": null}")]
    [InlineData("{\"text\": 7}")]
    [InlineData("{\"number\": 1e400, \"note\": null}")]
    [InlineData("{\"number\": 2147483648, \"note\": null}")]
    [InlineData("{\"number\": 1.5, \"note\": null}")]
    public async Task Hostile_args_are_a_failed_attempt_of_that_job_alone(string args)
    {
        await using var host = await TestHost.StartAsync();

        var bad = await host.ScalarAsync<long>($"INSERT INTO jobs.jobs (queue, worker, max_attempts, args) VALUES ('tests', 'greeter', 1, '{args}') RETURNING id");
        await host.Client.EnqueueAsync(Greeter.New(new Greeting("neighbour")), TestContext.Current.CancellationToken);

        await host.StateAsync(bad, "discarded");
        await host.Script.Seen("neighbour, attempt 1");
    }

    [Fact]
    public async Task Text_that_PostgreSQL_cannot_hold_in_an_exception_spoils_nothing()
    {
        await using var host = await TestHost.StartAsync();
        host.Script.Greet = static (job, _) => (job.Id % 4) switch
        {
            0 => throw new FormatException("a\0b"),
            1 => throw new FormatException("half \ud83d"),
            2 => throw new FormatException(new string('x', 1_000_000)),
            _ => Task.FromResult(JobOutcome.Complete),
        };

        var jobs = await host.Client.EnqueueManyAsync(
            Enumerable.Range(0, 40).Select(i => Greeter.New(new Greeting($"{i}")) with { MaxAttempts = 1 }), TestContext.Current.CancellationToken);

        foreach (var job in jobs)
            await host.StateAsync(job.Id, job.Id % 4 == 3 ? "completed" : "discarded");
        Assert.Contains("a\uFFFDb", await host.ScalarAsync<string>("SELECT errors->0->>'error' FROM jobs.jobs WHERE id % 4 = 0 LIMIT 1"), StringComparison.Ordinal);
        Assert.InRange(await host.ScalarAsync<int>("SELECT max(length(errors->0->>'error')) FROM jobs.jobs"), 9_000, 10_100);
    }

    [Fact]
    public async Task A_job_whose_worker_nobody_knows_waits_and_runs_when_a_node_that_knows_it_joins()
    {
        await using var host = await TestHost.StartAsync(jobs => jobs.Configure(options => options.NodeLease = TimeSpan.FromSeconds(3)));
        for (var i = 0; i < 3; i++)
            await host.ScalarAsync<long>($$"""INSERT INTO jobs.jobs (queue, worker, args) VALUES ('tests', 'late', '{"text": "{{i}}"}') RETURNING id""");

        await host.UntilAsync<long>("SELECT count(*) FROM jobs.jobs WHERE state = 'available'", _ => Warnings().Any());
        Assert.Equal(3, await host.ScalarAsync<long>("SELECT count(*) FROM jobs.jobs WHERE state = 'available' AND attempt = 0"));

        await using var other = await JoinAsync(host);
        await host.UntilAsync<long>("SELECT count(*) FROM jobs.jobs WHERE state = 'completed'", completed => completed == 3);
        Assert.Contains("No node knows the worker \"late\": queue \"tests\" has 3 jobs of it", Assert.Single(Warnings()), StringComparison.Ordinal);

        IEnumerable<string> Warnings() => host.Logs.Lines.Where(line => line.Contains("No node knows", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_host_that_stops_gives_its_running_jobs_back_without_costing_an_attempt()
    {
        await using var host = await TestHost.StartAsync(jobs => jobs.Configure(options => options.ShutdownGrace = TimeSpan.Zero));
        host.Script.Greet = async (job, cancellationToken) =>
        {
            host.Script.Say($"began {job.Id}");
            await new TaskCompletionSource().Task.WaitAsync(cancellationToken);
            return JobOutcome.Complete;
        };
        var jobs = await host.Client.EnqueueManyAsync(Enumerable.Range(0, 10).Select(i => Greeter.New(new Greeting($"{i}"))), TestContext.Current.CancellationToken);
        foreach (var job in jobs.Take(5))
            await host.Script.Seen($"began {job.Id}");

        await host.StopAsync();

        Assert.Equal(10, await host.ScalarAsync<long>("SELECT count(*) FROM jobs.jobs WHERE state = 'available' AND attempt = 0 AND crashes = 0"));
        Assert.Equal(0, await host.ScalarAsync<long>("SELECT count(*) FROM jobs.nodes"));
    }

    [Fact]
    public async Task A_job_that_ignores_its_token_is_given_back_too_and_its_late_outcome_is_ignored()
    {
        await using var host = await TestHost.StartAsync(jobs => jobs.Configure(options => options.ShutdownGrace = TimeSpan.Zero));
        var goOn = new TaskCompletionSource();
        host.Script.Greet = async (_, _) =>
        {
            host.Script.Say("began");
            await goOn.Task;
            return JobOutcome.Complete;
        };
        var job = await host.Client.EnqueueAsync(Greeter.New(new Greeting("deaf")), TestContext.Current.CancellationToken);
        await host.Script.Seen("began");

        await host.StopAsync();
        goOn.SetResult();
        await host.Script.Seen("worker disposed");

        Assert.Equal("available", await host.ScalarAsync<string>($"SELECT state::text FROM jobs.jobs WHERE id = {job.Id}"));
        Assert.Contains(host.Logs.Lines, line => line.Contains($"Ids: {job.Id}.", StringComparison.Ordinal));
    }

    [Fact]
    public async Task What_a_claim_left_that_the_shutdown_cut_off_goes_back_and_counts_no_crash()
    {
        await using var host = await TestHost.StartAsync();
        await host.ExecuteAsync("""
            INSERT INTO jobs.jobs (queue, worker, state, node, run, attempt, args)
            SELECT 'tests', 'greeter', 'executing', id, 1, 1, '{"text": "lost"}'
            FROM jobs.nodes
            """);

        await host.StopAsync();

        Assert.Equal("available 0 0", await host.ScalarAsync<string>("SELECT concat_ws(' ', state, attempt, crashes) FROM jobs.jobs"));
    }

    [Fact]
    public async Task A_host_that_stops_lets_its_running_jobs_end()
    {
        await using var host = await TestHost.StartAsync();
        var goOn = new TaskCompletionSource();
        host.Script.Greet = async (_, _) =>
        {
            host.Script.Say("began");
            await goOn.Task;
            return JobOutcome.Complete;
        };
        var job = await host.Client.EnqueueAsync(Greeter.New(new Greeting("slow")), TestContext.Current.CancellationToken);
        await host.Script.Seen("began");

        var stopping = host.StopAsync();
        goOn.SetResult();
        await stopping;

        Assert.Equal("completed", await host.ScalarAsync<string>($"SELECT state::text FROM jobs.jobs WHERE id = {job.Id}"));
    }

    static async Task<AsyncHost> JoinAsync(TestHost first)
    {
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Services.AddJobs(jobs =>
        {
            jobs.UsePostgres(first.ConnectionString).AddQueue("tests", concurrency: 2).Workers.Add<LateWorker>();
            jobs.Configure(options => options.PollInterval = TimeSpan.FromMilliseconds(50));
        });
        var host = builder.Build();
        await host.StartAsync(TestContext.Current.CancellationToken);
        return new AsyncHost(host);
    }

    sealed class AsyncHost(IHost host) : IAsyncDisposable
    {
        public async ValueTask DisposeAsync()
        {
            await host.StopAsync(CancellationToken.None);
            host.Dispose();
        }
    }

    /// <summary>A worker that the generated AddWorkers() of this assembly does not know, as one that is deployed later.</summary>
    sealed class LateWorker : IGeneratedWorker
    {
        public static Generated.WorkerDefinition Definition { get; } = new()
        {
            Name = "late",
            Queue = "tests",
            MaxAttempts = 3,
            Priority = 0,
            Create = static _ => new LateWorker(),
        };

        public ValueTask<JobOutcome> PerformAsync(JobContext job, CancellationToken cancellationToken) => new(JobOutcome.Complete);
    }
}
