using Jobs.Postgres;
using Jobs.Store;
using Npgsql;
using NpgsqlTypes;

namespace Jobs.Runtime.Tests.Isolation;

/// <summary>A cancel or a retry against the acknowledgement and the rescue of the same jobs, in every order, with commits and rollbacks.</summary>
/// <remarks>What was rolled back is repeated at the end of its order, but for rescues. The statements are the store's own, or known to be wrong.</remarks>
public sealed class ChangesByHandTests(BatchFixture fixture) : IClassFixture<BatchFixture>
{
    static readonly bool[] Endings = [true, false];

    public static TheoryData<bool, bool> EndingsOfTwo => [.. from first in Endings from second in Endings select (first, second)];

    public static TheoryData<bool, bool, bool> EndingsOfThree =>
        [.. from first in Endings from second in Endings from third in Endings select (first, second, third)];

    [Theory]
    [MemberData(nameof(EndingsOfThree))]
    public async Task A_job_that_fails_or_loses_its_node_is_cancelled_once_in_every_order(bool cancelCommits, bool acknowledgementCommits, bool rescueCommits)
    {
        foreach (var order in Step.Orders(2, 2, 2))
        {
            var ended = await RunAsync(order, JobState.Retryable, PostgresStore.AcknowledgeSql, PostgresStore.RescueSql, cancelCommits, acknowledgementCommits, rescueCommits);

            Assert.Equal($"cancelled, 1 callbacks: {ended.Trace}", $"{ended.Result}: {ended.Trace}");
        }
    }

    [Theory]
    [MemberData(nameof(EndingsOfTwo))]
    public async Task A_job_that_ends_normally_is_completed_whatever_the_order_of_its_cancel(bool cancelCommits, bool acknowledgementCommits)
    {
        foreach (var order in Step.Orders(2, 2))
        {
            var ended = await RunAsync(order, JobState.Completed, PostgresStore.AcknowledgeSql, PostgresStore.RescueSql, cancelCommits, acknowledgementCommits);

            Assert.Equal($"completed, 1 callbacks: {ended.Trace}", $"{ended.Result}: {ended.Trace}");
        }
    }

    [Theory]
    [MemberData(nameof(EndingsOfThree))]
    public async Task A_normal_end_counts_if_and_only_if_nobody_ended_the_job_before(bool cancelCommits, bool acknowledgementCommits, bool rescueCommits)
    {
        var results = new HashSet<string>();
        foreach (var order in Step.Orders(2, 2, 2))
        {
            var ended = await RunAsync(order, JobState.Completed, PostgresStore.AcknowledgeSql, PostgresStore.RescueSql, cancelCommits, acknowledgementCommits, rescueCommits);

            Assert.Equal($"{(ended.IsAcknowledged ? "completed" : "cancelled")}, 1 callbacks: {ended.Trace}", $"{ended.Result}: {ended.Trace}");
            results.Add(ended.Result);
        }

        Assert.Contains("completed, 1 callbacks", results);
    }

    [Fact]
    public async Task The_check_catches_an_acknowledgement_that_does_not_see_the_cancel()
    {
        var blind = PostgresStore.AcknowledgeSql.Replace("job.cancel_requested_at IS NOT NULL", "false", StringComparison.Ordinal);

        Assert.NotEqual(PostgresStore.AcknowledgeSql, blind);
        Assert.True(await AnyGoesWrongAsync(blind, PostgresStore.RescueSql));
    }

    [Fact]
    public async Task The_check_catches_a_rescue_that_does_not_see_the_cancel()
    {
        var blind = PostgresStore.RescueSql.Replace("j.cancel_requested_at IS NOT NULL", "false", StringComparison.Ordinal);

        Assert.NotEqual(PostgresStore.RescueSql, blind);
        Assert.True(await AnyGoesWrongAsync(PostgresStore.AcknowledgeSql, blind));
    }

    async Task<bool> AnyGoesWrongAsync(string acknowledge, string rescue)
    {
        var goesWrong = false;
        foreach (var order in Step.Orders(2, 2, 2))
            goesWrong |= (await RunAsync(order, JobState.Retryable, acknowledge, rescue, true, true, true)).Result != "cancelled, 1 callbacks";
        return goesWrong;
    }

    [Theory]
    [MemberData(nameof(EndingsOfTwo))]
    public async Task A_retry_of_a_member_holds_its_batch_open_or_comes_too_late_in_every_order(bool retryCommits, bool acknowledgementCommits)
    {
        foreach (var order in Step.Orders(2, 2))
        {
            var (batch, jobs) = await fixture.ExecuteBatchAsync(2);
            await fixture.Store.AcknowledgeAsync([Outcome(jobs[0], JobState.Discarded)], TestContext.Current.CancellationToken);
            var retries = new List<int>();

            var trace = await fixture.Tester.RunAsync(Step.Arrange(order,
            [
                Steps("retrier", "retry", async connection => retries.Add(await ChangeAsync(connection, PostgresStore.RetryJobs, jobs[0].Id)), retryCommits),
                Steps("owner", "acknowledge", connection => fixture.AcknowledgeAsync(connection, Outcome(jobs[1], JobState.Completed)), acknowledgementCommits),
            ]));
            await using (var connection = await fixture.DataSource.OpenConnectionAsync(TestContext.Current.CancellationToken))
            {
                if (!acknowledgementCommits)
                    await fixture.AcknowledgeAsync(connection, Outcome(jobs[1], JobState.Completed));
            }

            var status = await fixture.FindAsync(batch);
            var isBack = retryCommits && retries[0] == 1;
            Assert.Equal(
                (trace, !isBack, isBack ? 1 : 0, 1, isBack ? 0 : 1, isBack ? 0L : 1L),
                (trace, status.IsClosed, status.Pending, status.Completed, status.Discarded, await fixture.CountCallbacksAsync(batch)));
        }
    }

    async Task<Ended> RunAsync(IReadOnlyList<int> order, JobState outcome, string acknowledge, string rescue, params bool[] commits)
    {
        var (batch, jobs) = await fixture.ExecuteBatchAsync(1);
        var job = jobs[0];
        var isAcknowledged = false;
        IReadOnlyList<Step>[] sessions =
        [
            Steps("canceller", "cancel", connection => ChangeAsync(connection, PostgresStore.CancelJobs, job.Id), commits[0]),
            Steps("owner", "acknowledge", AcknowledgeAsync, commits[1]),
            commits.Length < 3 ? [] : Steps("rescuer", "rescue", RescueAsync, commits[2]),
        ];

        var trace = await fixture.Tester.RunAsync(Step.Arrange(order, sessions));
        await using (var connection = await fixture.DataSource.OpenConnectionAsync(TestContext.Current.CancellationToken))
        {
            isAcknowledged &= commits[1];
            if (!commits[0])
                await ChangeAsync(connection, PostgresStore.CancelJobs, job.Id);
            if (!isAcknowledged)
                await AcknowledgeAsync(connection);
        }

        var state = await StateAsync(job.Id);
        return new Ended($"{state}, {await fixture.CountCallbacksAsync(batch)} callbacks", isAcknowledged, trace);

        async Task AcknowledgeAsync(NpgsqlConnection connection)
        {
            await using var command = new NpgsqlCommand(fixture.Schema.Qualify(acknowledge), connection);
            PostgresStore.BindOutcomes(command.Parameters, [Outcome(job, outcome)]);
            await using var reader = await command.ExecuteReaderAsync();
            isAcknowledged = (await PostgresStore.ReadAcknowledgedAsync(reader, CancellationToken.None)).Acknowledged.Contains(job.Id);
        }

        async Task RescueAsync(NpgsqlConnection connection)
        {
            await using var command = new NpgsqlCommand(fixture.Schema.Qualify(rescue), connection);
            command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = 500 });
            await command.ExecuteNonQueryAsync();
        }
    }

    static IReadOnlyList<Step> Steps(string session, string name, Func<NpgsqlConnection, Task> change, bool commits) =>
    [
        new(session, name, async connection =>
        {
            await Step.SendAsync(connection, "BEGIN");
            await change(connection);
        }),
        commits ? Step.Commit(session) : Step.Rollback(session),
    ];

    /// <summary>Changes one job by the store's statement, and returns how many it changed.</summary>
    async Task<int> ChangeAsync(NpgsqlConnection connection, string change, long id)
    {
        await using var command = new NpgsqlCommand("", connection);
        command.Parameters.Bind(long.MinValue, NpgsqlDbType.Bigint);
        command.Parameters.Bind(1L, NpgsqlDbType.Bigint);
        if (change == PostgresStore.RetryJobs)
            command.Parameters.Bind(default(long?), NpgsqlDbType.Bigint);
        command.CommandText = fixture.Schema.Qualify(PostgresStore.Filtered(change, JobFilterSql.Where(new JobFilter { Ids = [id] }, command.Parameters)));
        await using var reader = await command.ExecuteReaderAsync();
        await reader.ReadAsync();
        return reader.GetFieldValue<bool[]>(2).Count(isChanged => isChanged);
    }

    async Task<string> StateAsync(long id)
    {
        await using var command = fixture.DataSource.CreateCommand("SELECT state::text FROM jobs.jobs WHERE id = $1");
        command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = id });
        return (string)(await command.ExecuteScalarAsync())!;
    }

    static Acknowledgement Outcome(ClaimedJob job, JobState state) => new(job.Id, job.Run, job.Node, state);

    sealed record Ended(string Result, bool IsAcknowledged, string Trace);
}
