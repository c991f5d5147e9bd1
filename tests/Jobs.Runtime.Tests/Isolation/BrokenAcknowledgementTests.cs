using Jobs.Store;
using Npgsql;

namespace Jobs.Runtime.Tests.Isolation;

/// <summary>The session that acknowledges the last job of a batch is ended by the server, at each point of its statement that can be reached.</summary>
public sealed class BrokenAcknowledgementTests(BatchFixture fixture) : IClassFixture<BatchFixture>
{
    const int Times = 10;

    // Each leaves the statement waiting at another point, for a transaction that is rolled back afterwards.
    static readonly Dictionary<string, string> Points = new()
    {
        ["before it has its job"] = "SELECT FROM jobs.jobs WHERE batch = {0} AND state = 'executing' FOR NO KEY UPDATE",
        ["when it has changed its job, before it has its batch"] = "SELECT FROM jobs.batches WHERE key = {0} FOR NO KEY UPDATE",
        ["when it has changed its batch, before it has its callback"] = "INSERT INTO jobs.jobs (worker, callback_of, callback) VALUES ('nobody', {0}, 'complete')",
        ["when it has done all, before it commits"] = "LOCK TABLE jobs.commits",
    };

    public static TheoryData<string> AllPoints => [.. Points.Keys];

    [Theory]
    [MemberData(nameof(AllPoints))]
    public async Task An_acknowledgement_that_breaks_leaves_nothing_and_its_repetition_tells_once(string point)
    {
        await MakeCommitsWaitAsync();
        for (var time = 0; time < Times; time++)
        {
            var (batch, jobs) = await fixture.ExecuteBatchAsync(2);
            await fixture.Store.AcknowledgeAsync([Outcome(jobs[0])], TestContext.Current.CancellationToken);

            var broken = await WhileHeldAsync(Points[point], await KeyAsync(batch), () => fixture.Store.AcknowledgeAsync([Outcome(jobs[1])], TestContext.Current.CancellationToken));

            Assert.True(Assert.IsType<JobStoreException>(broken).IsTransient);
            Assert.Equal((1, 0L), ((await fixture.FindAsync(batch)).Pending, await fixture.CountCallbacksAsync(batch)));
            Assert.Contains(jobs[1].Id, (await fixture.Store.AcknowledgeAsync([Outcome(jobs[1])], TestContext.Current.CancellationToken)).Acknowledged);
            Assert.Equal((true, 2, 1L), ((await fixture.FindAsync(batch)).IsClosed, (await fixture.FindAsync(batch)).Completed, await fixture.CountCallbacksAsync(batch)));
        }
    }

    /// <summary>Has the commit of whoever enqueues a callback wait for a table.</summary>
    Task MakeCommitsWaitAsync() => ExecuteAsync("""
        CREATE TABLE IF NOT EXISTS jobs.commits ();
        CREATE OR REPLACE FUNCTION jobs.wait_for_commits() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM FROM jobs.commits; RETURN NULL; END $$;
        DROP TRIGGER IF EXISTS wait_for_commits ON jobs.jobs;
        CREATE CONSTRAINT TRIGGER wait_for_commits AFTER INSERT ON jobs.jobs DEFERRABLE INITIALLY DEFERRED
            FOR EACH ROW WHEN (NEW.callback = 'complete') EXECUTE FUNCTION jobs.wait_for_commits()
        """);

    /// <summary>Begins an acknowledgement while another session holds something, ends its session when it waits for that, and returns what it throws.</summary>
    async Task<Exception?> WhileHeldAsync(string hold, long batch, Func<Task> acknowledge)
    {
        await using var holder = await fixture.DataSource.OpenConnectionAsync(TestContext.Current.CancellationToken);
        await using var transaction = await holder.BeginTransactionAsync(TestContext.Current.CancellationToken);
        await Step.SendAsync(holder, string.Format(System.Globalization.CultureInfo.InvariantCulture, hold, batch));
        var acknowledging = Record.ExceptionAsync(acknowledge).AsTask();
        using var poll = new PeriodicTimer(TimeSpan.FromMilliseconds(2));
        while (!await EndWhoeverWaitsForAsync(holder.ProcessID))
        {
            Assert.False(acknowledging.IsCompleted, $"{(acknowledging.IsCompleted ? await acknowledging : null)}");
            await poll.WaitForNextTickAsync(TestContext.Current.CancellationToken);
        }

        var thrown = await acknowledging;
        await transaction.RollbackAsync(TestContext.Current.CancellationToken);
        return thrown;
    }

    async Task<bool> EndWhoeverWaitsForAsync(int process)
    {
        await using var command = fixture.DataSource.CreateCommand("""
            SELECT coalesce(bool_or(pg_terminate_backend(pid)), false)
            FROM pg_stat_activity
            WHERE datname = current_database() AND $1 = ANY (pg_blocking_pids(pid))
            """);
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = process });
        return (bool)(await command.ExecuteScalarAsync(TestContext.Current.CancellationToken))!;
    }

    async Task<long> KeyAsync(BatchRef batch)
    {
        await using var command = fixture.DataSource.CreateCommand("SELECT key FROM jobs.batches WHERE id = $1");
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = batch.Id });
        return (long)(await command.ExecuteScalarAsync(TestContext.Current.CancellationToken))!;
    }

    async Task ExecuteAsync(string sql)
    {
        await using var command = fixture.DataSource.CreateCommand(sql);
        await command.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
    }

    static Acknowledgement Outcome(ClaimedJob job) => Acknowledgement.Of(job, JobState.Completed);
}
