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
