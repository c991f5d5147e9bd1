using Jobs.Store;
using Npgsql;

namespace Jobs.Runtime.Tests.Conformance;

/// <summary>Changes by hand that wait for another change of the job, and go by what it made of it.</summary>
public sealed class ChangeRaceTests
{
    [Theory]
    [InlineData("completed", true)]
    [InlineData("available", false)]
    public async Task A_retry_that_waits_for_the_end_of_a_job_goes_by_its_state_afterwards(string outcome, bool isRetried)
    {
        await using var harness = await PostgresHarness.StartAsync();
        var id = await harness.EnqueueAsync();
        await harness.ClaimOneAsync(await harness.RegisterNodeAsync());

        var result = await WhileChangedAsync(
            harness, $"UPDATE jobs.jobs SET state = '{outcome}', node = NULL, finished_at = CASE WHEN '{outcome}' = 'completed' THEN now() END WHERE id = {id}",
            token => harness.Store.RetryAsync(JobSelection.One(id), token));

        Assert.Equal([new SelectedJob(id, JobState.Available, isRetried)], result.Jobs);
    }

    [Fact]
    public async Task A_cancel_that_waits_for_a_retry_cancels_the_job()
    {
        await using var harness = await PostgresHarness.StartAsync();
        var id = await harness.EnqueueAsync();
        await harness.AcknowledgeAsync(await harness.ClaimOneAsync(await harness.RegisterNodeAsync()), JobState.Discarded);

        var result = await WhileChangedAsync(
            harness, $"UPDATE jobs.jobs SET state = 'available', finished_at = NULL WHERE id = {id}",
            token => harness.Store.CancelAsync(JobSelection.One(id), token));

        Assert.Equal([new SelectedJob(id, JobState.Cancelled, IsChanged: true)], result.Jobs);
        Assert.Equal(JobState.Cancelled, (await harness.FindJobAsync(id))!.State);
    }

    // By the counters of its snapshot the batch has one pending member, and two are deleted.
    [Fact]
    public async Task A_delete_that_waits_for_the_retry_of_a_member_counts_by_what_that_made_of_the_batch()
    {
        await using var harness = await PostgresHarness.StartAsync();
        await harness.EnqueueBatchAsync("b", 2, StoreHarness.Mailer);
        var member = await harness.ClaimOneAsync(await harness.RegisterNodeAsync());
        await harness.AcknowledgeAsync(member, JobState.Cancelled);

        var result = await WhileChangedAsync(
            harness,
            $"""
            WITH retried AS (UPDATE jobs.jobs SET state = 'available', finished_at = NULL WHERE id = {member.Id})
            UPDATE jobs.batches SET pending = 2, cancelled = 0
            """,
            token => harness.Store.DeleteAsync(new JobSelection(new JobFilter { Batch = "b" }, long.MinValue, 10), token));

        Assert.Equal(2, result.Jobs.Count(static job => job.IsChanged));
        var status = await harness.StatusAsync("b");
        Assert.Equal((true, 2), (status.IsClosed, status.Cancelled));
        Assert.Single(await harness.CallbacksAsync("b"));
    }

    [Fact]
    public async Task A_retry_leaves_a_key_to_whoever_is_taking_it_and_does_not_wait_for_him()
    {
        await using var harness = await PostgresHarness.StartAsync();
        var job = UniqueStoreTests.Job("a");
        var id = await harness.EnqueueAsync(job);
        await harness.AcknowledgeAsync(await harness.ClaimOneAsync(await harness.RegisterNodeAsync()), JobState.Discarded);
        await using var connection = new NpgsqlConnection(harness.ConnectionString);
        await connection.OpenAsync(TestContext.Current.CancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(TestContext.Current.CancellationToken);
        var taken = await harness.Store.EnqueueAsync(job, new EnqueueTerms(transaction, null, []), TestContext.Current.CancellationToken);

        var during = await harness.ChangeAsync(harness.Store.RetryAsync, id);
        await transaction.RollbackAsync(TestContext.Current.CancellationToken);
        var after = await harness.ChangeAsync(harness.Store.RetryAsync, id);

        Assert.True(taken.IsNew);
        Assert.Equal(new SelectedJob(id, JobState.Discarded, IsChanged: false, IsKeyTaken: true), during);
        Assert.Equal(new SelectedJob(id, JobState.Available, IsChanged: true), after);
    }

    // The retry has its snapshot before the job that takes the key is there.
    [Fact]
    public async Task Of_a_retry_and_an_enqueue_of_one_key_at_the_same_time_one_wins()
    {
        const int Rounds = 200;
        await using var harness = await PostgresHarness.StartAsync();
        var node = await harness.RegisterNodeAsync();
        var retried = 0;
        for (var round = 0; round < Rounds; round++)
        {
            var job = UniqueStoreTests.Job($"{round}");
            var id = await harness.EnqueueAsync(job);
            await harness.AcknowledgeAsync(await harness.ClaimOneAsync(node), JobState.Discarded);

            var retry = Task.Run(() => harness.ChangeAsync(harness.Store.RetryAsync, id), TestContext.Current.CancellationToken);
            var enqueue = Task.Run(() => harness.Store.EnqueueAsync(job, EnqueueTerms.Alone, TestContext.Current.CancellationToken), TestContext.Current.CancellationToken);
            await Task.WhenAll(retry, enqueue);

            var isRetried = (await retry)!.Value.IsChanged;
            Assert.Equal(isRetried, !(await enqueue).IsNew);
            Assert.Equal(1L, await harness.ScalarAsync("SELECT count(*) FROM jobs.jobs WHERE state = 'available'"));
            await harness.AcknowledgeAsync(await harness.ClaimOneAsync(node), JobState.Completed);
            retried += isRetried ? 1 : 0;
        }

        Assert.InRange(retried, 1, Rounds - 1);
    }

    /// <summary>Begins a change while another transaction holds the job, which commits when the change waits for it.</summary>
    static async Task<ChangeResult> WhileChangedAsync(PostgresHarness harness, string sql, Func<CancellationToken, Task<ChangeResult>> change)
    {
        await using var connection = new NpgsqlConnection(harness.ConnectionString);
        await connection.OpenAsync(TestContext.Current.CancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(TestContext.Current.CancellationToken);
        await using (var command = new NpgsqlCommand(sql, connection, transaction))
            Assert.Equal(1, await command.ExecuteNonQueryAsync(TestContext.Current.CancellationToken));

        var changing = change(TestContext.Current.CancellationToken);
        using var poll = new PeriodicTimer(TimeSpan.FromMilliseconds(10));
        while (!(bool)(await harness.ScalarAsync("""
            SELECT EXISTS (SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock')
            """))!)
        {
            Assert.False(changing.IsCompleted);
            await poll.WaitForNextTickAsync(TestContext.Current.CancellationToken);
        }

        await transaction.CommitAsync(TestContext.Current.CancellationToken);
        return await changing;
    }
}
