using System.Data.Common;
using Npgsql;

namespace Jobs.Runtime.Tests.Behaviour;

/// <summary>A job that is completed in one transaction with its own writes, and jobs enqueued in the caller's.</summary>
public sealed class TransactionalJobTests
{
    const string CreateEffects = "CREATE TABLE effects (job bigint NOT NULL)";

    [Fact]
    public async Task A_jobs_writes_and_its_end_are_one_commit_and_its_batch_tells_at_once()
    {
        await using var host = await TestHost.StartAsync(script: script => script.Greet = async (job, cancellationToken) =>
        {
            await job.CompleteAsync(WriteEffect(job), cancellationToken);
            return JobOutcome.Discard("what is returned after it is not looked at");
        });
        await host.ExecuteAsync(CreateEffects);

        await host.Client.EnqueueBatchAsync("b", [Greeter.New(new Greeting("hello"))], cancellationToken: TestContext.Current.CancellationToken);

        await host.Script.Seen("b: 1 completed, 0 cancelled, 0 discarded of 1");
        Assert.Equal(1, await host.ScalarAsync<long>("SELECT count(*) FROM effects JOIN jobs.jobs ON id = job WHERE state = 'completed' AND attempt = 1 AND run = 1"));
    }

    [Fact]
    public async Task A_stale_run_completes_nothing_and_its_writes_are_rolled_back()
    {
        var isRescued = new TaskCompletionSource();
        var thrown = new TaskCompletionSource<Exception?>();
        await using var host = await TestHost.StartAsync(script: script => script.Greet = async (job, cancellationToken) =>
        {
            if (job.Attempt > 1)
                return JobOutcome.Complete;
            script.Say("began");
            await isRescued.Task;
            thrown.SetResult(await Record.ExceptionAsync(() => job.CompleteAsync(WriteEffect(job), cancellationToken)));
            return JobOutcome.Complete;
        });
        await host.ExecuteAsync(CreateEffects);
        var job = await host.Client.EnqueueAsync(Greeter.New(new Greeting("hello")), TestContext.Current.CancellationToken);
        await host.Script.Seen("began");

        // As after a rescue: the job runs elsewhere, and its run has gone up.
        await host.ExecuteAsync($"UPDATE jobs.jobs SET run = run + 1, attempt = 2, node = gen_random_uuid() WHERE id = {job.Id}");
        isRescued.SetResult();

        var stale = Assert.IsType<StaleJobException>(await thrown.Task.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken));
        Assert.Equal(job.Id, stale.JobId);
        Assert.Equal(0, await host.ScalarAsync<long>("SELECT count(*) FROM effects"));
        await host.Script.Seen("hello, attempt 1");
    }

    [Fact]
    public async Task Writes_that_fail_are_a_failed_attempt_and_leave_nothing()
    {
        await using var host = await TestHost.StartAsync(script: script => script.Greet = async (job, cancellationToken) =>
        {
            await job.CompleteAsync(
                async (transaction, token) =>
                {
                    await WriteEffect(job)(transaction, token);
                    throw new FormatException("The writes failed.");
                },
                cancellationToken);
            return JobOutcome.Complete;
        });
        await host.ExecuteAsync(CreateEffects);

        var job = await host.Client.EnqueueAsync(Greeter.New(new Greeting("hello")) with { MaxAttempts = 1 }, TestContext.Current.CancellationToken);

        await host.StateAsync(job.Id, "discarded");
        Assert.Equal(0, await host.ScalarAsync<long>("SELECT count(*) FROM effects"));
        Assert.Contains("The writes failed.", await host.ScalarAsync<string>($"SELECT errors->0->>'error' FROM jobs.jobs WHERE id = {job.Id}"), StringComparison.Ordinal);
    }

    // The acknowledgement has counted by then.
    [Fact]
    public async Task Writes_that_fail_at_the_commit_are_a_failed_attempt_and_leave_nothing()
    {
        await using var host = await TestHost.StartAsync(script: script => script.Greet = async (job, cancellationToken) =>
        {
            await job.CompleteAsync(
                async (transaction, token) =>
                {
                    await WriteEffect(job)(transaction, token);
                    await WriteEffect(job)(transaction, token);
                },
                cancellationToken);
            return JobOutcome.Complete;
        });
        await host.ExecuteAsync("CREATE TABLE effects (job bigint NOT NULL, CONSTRAINT one_effect UNIQUE (job) DEFERRABLE INITIALLY DEFERRED)");

        await host.Client.EnqueueBatchAsync("b", [Greeter.New(new Greeting("hello")) with { MaxAttempts = 1 }], cancellationToken: TestContext.Current.CancellationToken);

        await host.Script.Seen("b: 0 completed, 0 cancelled, 1 discarded of 1");
        Assert.Equal(0, await host.ScalarAsync<long>("SELECT count(*) FROM effects"));
        Assert.Contains("one_effect", await host.ScalarAsync<string>("SELECT errors->0->>'error' FROM jobs.jobs WHERE batch IS NOT NULL"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_job_whose_writes_end_the_transaction_themselves_is_told_so_and_fails(bool commits)
    {
        await using var host = await TestHost.StartAsync(script: script => script.Greet = async (job, cancellationToken) =>
        {
            await job.CompleteAsync(
                async (transaction, token) =>
                {
                    await WriteEffect(job)(transaction, token);
                    await (commits ? transaction.CommitAsync(token) : transaction.RollbackAsync(token));
                },
                cancellationToken);
            return JobOutcome.Complete;
        });
        await host.ExecuteAsync(CreateEffects);

        var job = await host.Client.EnqueueAsync(Greeter.New(new Greeting("hello")) with { MaxAttempts = 1 }, TestContext.Current.CancellationToken);

        await host.UntilAsync<string>($"SELECT state::text FROM jobs.jobs WHERE id = {job.Id}", state => state is "completed" or "discarded");
        Assert.Equal("discarded", await host.ScalarAsync<string>($"SELECT state::text FROM jobs.jobs WHERE id = {job.Id}"));
        Assert.Contains("committed or rolled back already", await host.ScalarAsync<string>($"SELECT errors->0->>'error' FROM jobs.jobs WHERE id = {job.Id}"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_job_that_throws_after_it_was_completed_stays_completed_and_a_second_completion_is_refused()
    {
        await using var host = await TestHost.StartAsync(script: script => script.Greet = async (job, cancellationToken) =>
        {
            await job.CompleteAsync(WriteEffect(job), cancellationToken);
            await job.CompleteAsync(WriteEffect(job), cancellationToken);
            return JobOutcome.Complete;
        });
        await host.ExecuteAsync(CreateEffects);

        var job = await host.Client.EnqueueAsync(Greeter.New(new Greeting("hello")), TestContext.Current.CancellationToken);

        await host.StateAsync(job.Id, "completed");
        await host.StopAsync();
        Assert.Equal(1, await host.ScalarAsync<long>("SELECT count(*) FROM effects"));
        Assert.Equal("completed", await host.ScalarAsync<string>($"SELECT state::text FROM jobs.jobs WHERE id = {job.Id}"));
        Assert.Contains(host.Logs.Lines, line => line.Contains("threw System.InvalidOperationException after it had completed itself", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_job_enqueued_in_the_callers_transaction_starts_when_that_commits_and_does_not_wait_for_the_poll()
    {
        await using var host = await TestHost.StartAsync(jobs => jobs.Configure(options => options.PollInterval = TimeSpan.FromMinutes(1)));
        await using var connection = new NpgsqlConnection(host.ConnectionString);
        await connection.OpenAsync(TestContext.Current.CancellationToken);
        await host.UntilAsync<long>("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'LISTEN%'", count => count > 0);

        await using (var rolledBack = await connection.BeginTransactionAsync(TestContext.Current.CancellationToken))
            await host.Client.EnqueueAsync(Greeter.New(new Greeting("ghost")), rolledBack, TestContext.Current.CancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(TestContext.Current.CancellationToken);
        await host.Client.EnqueueAsync(Greeter.New(new Greeting("one")), transaction, TestContext.Current.CancellationToken);
        await host.Client.EnqueueManyAsync([Greeter.New(new Greeting("two"))], options => options.Transaction = transaction, TestContext.Current.CancellationToken);
        await host.Client.EnqueueBatchAsync("b", [Greeter.New(new Greeting("three"))], batch => batch.Transaction = transaction, TestContext.Current.CancellationToken);
        Assert.Empty(host.Script.Events);
        await transaction.CommitAsync(TestContext.Current.CancellationToken);

        await host.Script.Seen("one, attempt 1");
        await host.Script.Seen("two, attempt 1");
        await host.Script.Seen("three, attempt 1");
        await host.Script.Seen("b: 1 completed, 0 cancelled, 0 discarded of 1");
        Assert.DoesNotContain(host.Script.Events, seen => seen.StartsWith("ghost", StringComparison.Ordinal));
    }

    static Func<DbTransaction, CancellationToken, Task> WriteEffect(JobContext job) => async (transaction, cancellationToken) =>
    {
        await using var command = transaction.Connection!.CreateCommand();
        command.Transaction = transaction;
        command.CommandText = $"INSERT INTO effects VALUES ({job.Id})";
        await command.ExecuteNonQueryAsync(cancellationToken);
    };
}
