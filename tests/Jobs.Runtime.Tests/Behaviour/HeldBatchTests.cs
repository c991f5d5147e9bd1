using System.Diagnostics;
using Npgsql;

namespace Jobs.Runtime.Tests.Behaviour;

/// <summary>A transaction of a caller that holds a batch's row: its members wait to be acknowledged, and nobody else does.</summary>
public sealed class HeldBatchTests
{
    static readonly TimeSpan Held = TimeSpan.FromSeconds(5);
    static readonly TimeSpan Patience = TimeSpan.FromSeconds(15);
    static readonly TimeSpan Soon = TimeSpan.FromSeconds(1);

    [Fact]
    public async Task While_a_transaction_that_adds_to_a_batch_is_open_all_other_jobs_end_within_a_second()
    {
        await using var host = await TestHost.StartAsync(static jobs => jobs.Configure(static options => options.Queues["tests"] = 50));
        await PauseAsync(host);
        await host.Client.OpenBatchAsync("held", cancellationToken: TestContext.Current.CancellationToken);
        await host.Client.AddAsync("held", Tasks(300), cancellationToken: TestContext.Current.CancellationToken);
        await using var connection = new NpgsqlConnection(host.ConnectionString);
        await connection.OpenAsync(TestContext.Current.CancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(TestContext.Current.CancellationToken);
        await host.Client.AddAsync("held", Tasks(1), options => options.Transaction = transaction, TestContext.Current.CancellationToken);
        await host.Client.AddAsync("held", Tasks(1), options => options.Transaction = transaction, TestContext.Current.CancellationToken);
        await host.Client.Queues.ResumeAsync("tests", cancellationToken: TestContext.Current.CancellationToken);

        var took = await RunOthersAsync(host, Held);
        await transaction.CommitAsync(TestContext.Current.CancellationToken);
        await host.Client.SealAsync("held", cancellationToken: TestContext.Current.CancellationToken);
        var end = await host.Client.WaitAsync("held", TestContext.Current.CancellationToken);

        Assert.True(took.Count >= 5, $"{took.Count} others ended while the batch was held");
        Assert.True(took.Order().ElementAt((took.Count - 1) * 99 / 100) < Soon, $"{took.Max()}");
        Assert.Equal((302, 302), (end.Completed, end.Total));
        await host.Script.Seen("held: 302 completed, 0 cancelled, 0 discarded of 302");
        Assert.Equal(0, await host.ScalarAsync<long>("SELECT count(*) FROM jobs.jobs WHERE attempt > 1 OR run > 1"));
    }

    [Fact]
    public async Task Members_of_a_batch_that_is_held_are_acknowledged_as_soon_as_it_is_free_though_others_are_still_held()
    {
        await using var host = await TestHost.StartAsync(static jobs => jobs.Configure(static options => options.Queues["tests"] = 50));
        await PauseAsync(host);
        foreach (var id in (string[])["a", "b", "c"])
            await host.Client.EnqueueBatchAsync(id, Tasks(100), cancellationToken: TestContext.Current.CancellationToken);
        await using var connection = new NpgsqlConnection(host.ConnectionString);
        await connection.OpenAsync(TestContext.Current.CancellationToken);
        await using var other = new NpgsqlConnection(host.ConnectionString);
        await other.OpenAsync(TestContext.Current.CancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(TestContext.Current.CancellationToken);
        await using var longer = await other.BeginTransactionAsync(TestContext.Current.CancellationToken);
        await HoldAsync(connection, "jobs.batches WHERE id = 'a'");
        await HoldAsync(other, "jobs.batches WHERE id = 'b'");
        await host.Client.Queues.ResumeAsync("tests", cancellationToken: TestContext.Current.CancellationToken);
        await host.Client.WaitAsync("c", TestContext.Current.CancellationToken).WaitAsync(Patience, TestContext.Current.CancellationToken);
        await host.Logs.Seen("Outcomes of batch \"a\" wait");
        await host.Logs.Seen("Outcomes of batch \"b\" wait");

        var clock = Stopwatch.StartNew();
        await transaction.CommitAsync(TestContext.Current.CancellationToken);
        await host.UntilAsync<int>("SELECT pending FROM jobs.batches WHERE id = 'a'", pending => pending == 0);

        Assert.True(clock.Elapsed < Soon, $"{clock.Elapsed}");
        Assert.Equal(100, (await host.Client.GetBatchAsync("b", TestContext.Current.CancellationToken)).Pending);
        await longer.RollbackAsync(TestContext.Current.CancellationToken);
        foreach (var id in (string[])["a", "b", "c"])
            await host.Script.Seen($"{id}: 100 completed, 0 cancelled, 0 discarded of 100");
    }

    [Fact]
    public async Task Jobs_whose_own_rows_somebody_holds_wait_without_the_others()
    {
        var goOn = new TaskCompletionSource();
        await using var host = await TestHost.StartAsync(script: script => script.Greet = async (job, token) =>
        {
            script.Say($"began {job.Id}");
            await goOn.Task.WaitAsync(token);
            return JobOutcome.Complete;
        });
        var jobs = await host.Client.EnqueueManyAsync(Tasks(5), TestContext.Current.CancellationToken);
        foreach (var job in jobs)
            await host.Script.Seen($"began {job.Id}");
        await using var connection = new NpgsqlConnection(host.ConnectionString);
        await connection.OpenAsync(TestContext.Current.CancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(TestContext.Current.CancellationToken);
        await HoldAsync(connection, $"jobs.jobs WHERE id = {jobs[2].Id}");

        goOn.SetResult();
        foreach (var job in jobs.Where(job => job != jobs[2]))
            await host.StateAsync(job.Id, "completed");
        await host.Logs.Seen($"The outcome of job {jobs[2].Id} waits");
        await transaction.CommitAsync(TestContext.Current.CancellationToken);

        await host.StateAsync(jobs[2].Id, "completed");
    }

    [Fact]
    public async Task A_host_that_stops_stores_what_waits_for_a_batch_that_is_free_in_time()
    {
        await using var host = await TestHost.StartAsync();
        await PauseAsync(host);
        await host.Client.EnqueueBatchAsync("held", Tasks(20), cancellationToken: TestContext.Current.CancellationToken);
        await using var connection = new NpgsqlConnection(host.ConnectionString);
        await connection.OpenAsync(TestContext.Current.CancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(TestContext.Current.CancellationToken);
        await HoldAsync(connection, "jobs.batches");
        await host.Client.Queues.ResumeAsync("tests", cancellationToken: TestContext.Current.CancellationToken);
        await host.Logs.Seen("Outcomes of batch \"held\" wait");
        for (var i = 0; i < 20; i++)
            await host.Script.Seen($"{i}, attempt 1");

        var stopped = host.StopAsync();
        await host.Logs.Seen("Jobs stopped claiming");
        await transaction.RollbackAsync(TestContext.Current.CancellationToken);
        await stopped;

        Assert.Equal(20, await host.ScalarAsync<long>("SELECT count(*) FROM jobs.jobs WHERE state = 'completed' AND run = 1"));
    }

    static async Task<List<TimeSpan>> RunOthersAsync(TestHost host, TimeSpan during)
    {
        var took = new List<TimeSpan>();
        for (var whole = Stopwatch.StartNew(); whole.Elapsed < during;)
        {
            var clock = Stopwatch.StartNew();
            var alone = await host.Client.EnqueueAsync(Greeter.New(new Greeting("alone")), TestContext.Current.CancellationToken);
            var batch = await host.Client.EnqueueBatchAsync(Guid.NewGuid().ToString("n"), Tasks(2), cancellationToken: TestContext.Current.CancellationToken);
            await host.Client.WaitAsync(alone.Id, TestContext.Current.CancellationToken).WaitAsync(Patience, TestContext.Current.CancellationToken);
            await host.Client.WaitAsync(batch.Id, TestContext.Current.CancellationToken).WaitAsync(Patience, TestContext.Current.CancellationToken);
            took.Add(clock.Elapsed);
        }

        return took;
    }

    static async Task PauseAsync(TestHost host)
    {
        await host.Client.Queues.PauseAsync("tests", cancellationToken: TestContext.Current.CancellationToken);
        await host.Logs.Seen("\"tests\" is Paused now");
    }

    static IEnumerable<NewJob> Tasks(int count) => Enumerable.Range(0, count).Select(static i => Greeter.New(new Greeting($"{i}")));

    static async Task HoldAsync(NpgsqlConnection connection, string rows)
    {
        await using var hold = new NpgsqlCommand($"SELECT FROM {rows} FOR UPDATE", connection);
        await hold.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
    }
}
