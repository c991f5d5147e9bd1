using Jobs.Store;
using Npgsql;

namespace Jobs.Runtime.Tests.Isolation;

/// <summary>A cancel or a retry against the acknowledgement and the rescue of the same jobs, in every order, with commits and rollbacks.</summary>
/// <remarks>What was rolled back is repeated at the end of its order, but for rescues. The statements are the store's own, or known to be wrong.</remarks>
public sealed class ChangesByHandTests(BatchFixture fixture) : IClassFixture<BatchFixture>
{
    readonly StoreVerbs _verbs = new(fixture);

    [Theory]
    [MemberData(nameof(Endings.OfThree), MemberType = typeof(Endings))]
    public async Task A_job_that_fails_or_loses_its_node_is_cancelled_once_in_every_order(bool cancelCommits, bool acknowledgementCommits, bool rescueCommits)
    {
        foreach (var order in Step.Orders(2, 2, 2))
        {
            var ended = await RunAsync(order, JobState.Retryable, _verbs, cancelCommits, acknowledgementCommits, rescueCommits);

            Assert.Equal($"cancelled, 1 callbacks: {ended.Trace}", $"{ended.Result}: {ended.Trace}");
        }
    }

    [Theory]
    [MemberData(nameof(Endings.OfTwo), MemberType = typeof(Endings))]
    public async Task A_job_that_ends_normally_is_completed_whatever_the_order_of_its_cancel(bool cancelCommits, bool acknowledgementCommits)
    {
        foreach (var order in Step.Orders(2, 2))
        {
            var ended = await RunAsync(order, JobState.Completed, _verbs, cancelCommits, acknowledgementCommits);

            Assert.Equal($"completed, 1 callbacks: {ended.Trace}", $"{ended.Result}: {ended.Trace}");
        }
    }

    [Theory]
    [MemberData(nameof(Endings.OfThree), MemberType = typeof(Endings))]
    public async Task A_normal_end_counts_if_and_only_if_nobody_ended_the_job_before(bool cancelCommits, bool acknowledgementCommits, bool rescueCommits)
    {
        var results = new HashSet<string>();
        foreach (var order in Step.Orders(2, 2, 2))
        {
            var ended = await RunAsync(order, JobState.Completed, _verbs, cancelCommits, acknowledgementCommits, rescueCommits);

            Assert.Equal($"{(ended.IsAcknowledged ? "completed" : "cancelled")}, 1 callbacks: {ended.Trace}", $"{ended.Result}: {ended.Trace}");
            results.Add(ended.Result);
        }

        Assert.Contains("completed, 1 callbacks", results);
    }

    [Fact]
    public async Task The_check_catches_an_acknowledgement_that_does_not_see_the_cancel() =>
        Assert.True(await AnyGoesWrongAsync(_verbs.Broken("_acknowledge", ("j.cancel_requested_at IS NOT NULL", "false"))));

    [Fact]
    public async Task The_check_catches_a_rescue_that_does_not_see_the_cancel() =>
        Assert.True(await AnyGoesWrongAsync(_verbs.Broken("_rescue", ("j.cancel_requested_at IS NOT NULL", "false"))));

    async Task<bool> AnyGoesWrongAsync(StoreVerbs verbs)
    {
        var goesWrong = false;
        foreach (var order in Step.Orders(2, 2, 2))
            goesWrong |= (await RunAsync(order, JobState.Retryable, verbs, true, true, true)).Result != "cancelled, 1 callbacks";
        return goesWrong;
    }

    [Theory]
    [MemberData(nameof(Endings.OfTwo), MemberType = typeof(Endings))]
    public Task A_retry_of_a_member_holds_its_batch_open_or_comes_too_late_in_every_order(bool retryCommits, bool acknowledgementCommits) =>
        fixture.AssertAllRightAsync(6, () => RetryAndAcknowledgeAsync(_verbs, retryCommits, acknowledgementCommits));

    [Fact]
    public Task The_check_catches_a_retry_that_puts_a_member_back_into_a_batch_that_has_closed() =>
        fixture.AssertSomeWrongAsync(
            "put back into a batch that has closed", () => RetryAndAcknowledgeAsync(_verbs.Broken("_retryJobs", ("WHERE b.closed_at IS NULL AND b.cancel_requested_at IS NULL AND b.key", "WHERE b.key")), true, true));

    [Fact]
    public Task The_check_catches_a_retry_that_counts_by_what_its_snapshot_shows() =>
        fixture.AssertSomeWrongAsync("3 pending, and 2 members of a sealed batch", () => RetryAndAcknowledgeAsync(_verbs.CountingBySnapshot("_retryJobs"), true, true, others: 1));

    async Task<Meeting> RetryAndAcknowledgeAsync(StoreVerbs verbs, bool retryCommits, bool acknowledgementCommits, int others = 0)
    {
        var batch = await fixture.StartAsync(2 + others);
        await fixture.Store.AcknowledgeAsync([Outcome(batch.Executing[0], JobState.Discarded)], CancellationToken.None);
        var isRetried = new Answer<bool>();
        return new Meeting(
            [batch],
            new Actor("retrier", retryCommits, verbs.Retry(batch.Executing[0], isRetried) with { JudgeAsync = JudgeAsync }),
            new Actor("owner", acknowledgementCommits, verbs.Acknowledge(batch.Executing[1], JobState.Completed)))
        { EndAsync = () => fixture.EndAsync(batch, isRetried.Value ? "closed: 2 completed, 0 cancelled, 0 discarded" : "closed: 1 completed, 0 cancelled, 1 discarded") };

        async Task<string> JudgeAsync() =>
            isRetried.Value != (await fixture.LookAsync(batch)).IsClosed ? "" : isRetried.Value ? "put back into a batch that has closed" : "refused by a batch that has not closed";
    }

    async Task<Ended> RunAsync(IReadOnlyList<int> order, JobState outcome, StoreVerbs verbs, params bool[] commits)
    {
        var (batch, jobs) = await fixture.ExecuteBatchAsync(1);
        var job = jobs[0];
        var isAcknowledged = false;
        IReadOnlyList<Step>[] sessions =
        [
            Steps("canceller", "cancel", connection => verbs.ChangeAsync(connection, "cancel", job.Id), commits[0]),
            Steps("owner", "acknowledge", AcknowledgeAsync, commits[1]),
            commits.Length < 3 ? [] : Steps("rescuer", "rescue", verbs.RescueAsync, commits[2]),
        ];

        var trace = await fixture.Tester.RunAsync(Step.Arrange(order, sessions));
        await using (var connection = await fixture.DataSource.OpenConnectionAsync(TestContext.Current.CancellationToken))
        {
            isAcknowledged &= commits[1];
            if (!commits[0])
                await verbs.ChangeAsync(connection, "cancel", job.Id);
            if (!isAcknowledged)
                await AcknowledgeAsync(connection);
        }

        var state = await fixture.StateAsync(job.Id);
        return new Ended($"{state}, {await fixture.CountCallbacksAsync(batch)} callbacks", isAcknowledged, trace);

        async Task AcknowledgeAsync(NpgsqlConnection connection) =>
            isAcknowledged = (await verbs.AcknowledgeAsync(connection, Outcome(job, outcome))).Acknowledged.Contains(job.Id);
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

    static Acknowledgement Outcome(ClaimedJob job, JobState state) => StoreVerbs.Outcome(job, state);

    sealed record Ended(string Result, bool IsAcknowledged, string Trace);
}
