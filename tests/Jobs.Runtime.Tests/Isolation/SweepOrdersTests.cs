using Jobs.Maintenance;
using Jobs.Store;

namespace Jobs.Runtime.Tests.Isolation;

/// <summary>The cancel of a batch, the sweep of its members and the check of its counters, against acknowledgements and additions, in every order, with commits and rollbacks.</summary>
/// <remarks>What was rolled back is repeated. Each wrong way beside them is the store's own statement with something left out or read too early.</remarks>
public sealed class SweepOrdersTests(BatchFixture fixture) : IClassFixture<BatchFixture>
{
    const string LockAlone = "SELECT id, pending - CASE WHEN sealed_at IS NULL THEN 1 ELSE 0 END FROM :schema.batches WHERE key = $1 AND closed_at IS NULL";

    readonly StoreVerbs _verbs = new(fixture);

    public static TheoryData<JobState, bool, bool> OutcomesAndEndings =>
        [.. from outcome in new[] { JobState.Completed, JobState.Retryable } from endings in Endings.OfTwo select (outcome, endings.Data.Item1, endings.Data.Item2)];

    [Theory, MemberData(nameof(OutcomesAndEndings))]
    public Task A_cancelled_batch_closes_once_whatever_becomes_of_the_member_that_runs(JobState outcome, bool cancelCommits, bool acknowledgementCommits) =>
        fixture.AssertAllRightAsync(15, () => CancelAndAcknowledgeAsync(_verbs, outcome, cancelCommits, acknowledgementCommits));

    [Fact]
    public Task The_check_catches_a_cancel_of_a_batch_that_has_closed() =>
        fixture.AssertSomeWrongAsync(
            "marked: True, a batch that is closed", () => CancelAndAcknowledgeAsync(_verbs.Broken("_cancelBatch", ("AND b.closed_at IS NULL AND", "AND")), JobState.Completed, true, true));

    [Fact]
    public Task The_check_catches_an_acknowledgement_that_does_not_see_that_its_batch_is_cancelled() =>
        fixture.AssertSomeWrongAsync(
            "not cancelled", () => CancelAndAcknowledgeAsync(_verbs.Broken("_acknowledge", ("j.cancel_requested_at IS NOT NULL", "false")), JobState.Retryable, true, true));

    async Task<Meeting> CancelAndAcknowledgeAsync(StoreVerbs verbs, JobState outcome, bool cancelCommits, bool acknowledgementCommits)
    {
        var batch = await fixture.StartAsync(executing: 1);
        var job = batch.Executing[0];
        var answer = new Answer<AcknowledgeResult>();
        return new Meeting(
            [batch],
            new Actor("canceller", cancelCommits, verbs.CancelBatch(batch)),
            new Actor("owner", acknowledgementCommits, verbs.Acknowledge(job, outcome, answer) with { JudgeAsync = JudgeAsync }))
        {
            EndAsync = async () =>
            {
                await SweepAsync(batch);
                return await fixture.ExpectAsync(batch, outcome == JobState.Completed ? "closed: 1 completed, 0 cancelled, 0 discarded" : "closed: 0 completed, 1 cancelled, 0 discarded");
            },
        };

        async Task<string> JudgeAsync()
        {
            var isMarked = await fixture.ScalarAsync<bool, long>("SELECT cancel_requested_at IS NOT NULL FROM jobs.jobs WHERE id = $1", job.Id);
            var isCancelled = answer.Value!.Cancelled.Contains(job.Id);
            return isCancelled == (isMarked && outcome != JobState.Completed) ? "" : isCancelled ? "cancelled, though nobody asked" : "not cancelled, though it was to be";
        }
    }

    async Task SweepAsync(TestBatch batch)
    {
        await fixture.Store.BeginBatchSweepAsync(batch.Key, CancellationToken.None);
        foreach (var states in BatchSweeper.Passes)
            await fixture.Store.CancelAsync(new JobSelection(new JobFilter { Batch = batch.Id, States = states }, long.MinValue, 1_000), CancellationToken.None);
        await fixture.Store.EndBatchSweepAsync(batch.Key, CancellationToken.None);
    }

    [Theory, MemberData(nameof(OutcomesAndEndings))]
    public Task A_sweep_leaves_no_member_that_waits_though_one_that_nobody_has_marked_fails_meanwhile(JobState outcome, bool sweepCommits, bool acknowledgementCommits) =>
        fixture.AssertAllRightAsync(28, () => SweepAndAcknowledgeAsync(_verbs, BatchSweeper.Passes, outcome, sweepCommits, acknowledgementCommits));

    [Fact]
    public Task The_check_catches_a_sweep_that_looks_at_those_that_run_only_when_it_has_ended_those_that_wait() =>
        fixture.AssertSomeWrongAsync("open: ", () => SweepAndAcknowledgeAsync(_verbs, BatchSweeper.Passes.Skip(1).ToArray(), JobState.Retryable, true, true));

    [Fact]
    public Task The_check_catches_a_sweep_that_counts_by_what_its_snapshot_shows() =>
        fixture.AssertSomeWrongAsync(
            "1 pending, and 0 members of a sealed batch", () => SweepAndAcknowledgeAsync(_verbs.CountingBySnapshot("_cancelJobs"), BatchSweeper.Passes, JobState.Completed, true, true));

    // Marked, and no more: whoever cancelled the batch died before he could mark its members.
    async Task<Meeting> SweepAndAcknowledgeAsync(
        StoreVerbs verbs, IReadOnlyList<IReadOnlyCollection<JobState>> passes, JobState outcome, bool sweepCommits, bool acknowledgementCommits)
    {
        var batch = await fixture.StartAsync(executing: 1, waiting: 1);
        await fixture.ScalarAsync<object?, long>("UPDATE jobs.batches SET cancel_requested_at = now() WHERE key = $1", batch.Key);
        return new Meeting(
            [batch],
            new Actor("leader", sweepCommits, [.. passes.Select(states => verbs.CancelMembers(batch, states))]),
            new Actor("owner", acknowledgementCommits, verbs.Acknowledge(batch.Executing[0], outcome)))
        {
            EndAsync = () => fixture.ExpectAsync(batch, outcome == JobState.Completed ? "closed: 1 completed, 1 cancelled, 0 discarded" : "closed: 0 completed, 2 cancelled, 0 discarded"),
        };
    }

    [Theory, MemberData(nameof(Endings.OfTwo), MemberType = typeof(Endings))]
    public Task A_check_finds_no_drift_while_a_member_ends(bool checkCommits, bool acknowledgementCommits) =>
        fixture.AssertAllRightAsync(10, () => CheckAndAcknowledgeAsync(_verbs, checkCommits, acknowledgementCommits));

    [Fact]
    public Task The_check_catches_a_check_that_does_not_lock_the_batch_while_a_member_ends() =>
        fixture.AssertSomeWrongAsync("a drift of 1", () => CheckAndAcknowledgeAsync(_verbs.Broken("_lockBatch", (Postgres.PostgresStore.LockBatchSql, LockAlone)), true, true));

    async Task<Meeting> CheckAndAcknowledgeAsync(StoreVerbs verbs, bool checkCommits, bool acknowledgementCommits)
    {
        var batch = await fixture.StartAsync(executing: 2);
        return new Meeting(
            [batch],
            new Actor("leader", checkCommits, verbs.Check(batch, expected: 0)),
            new Actor("owner", acknowledgementCommits, verbs.Acknowledge(batch.Executing[0], JobState.Completed)))
        {
            EndAsync = async () =>
            {
                await fixture.Store.AcknowledgeAsync([StoreVerbs.Outcome(batch.Executing[1], JobState.Completed)], CancellationToken.None);
                return await fixture.ExpectAsync(batch, "closed: 2 completed, 0 cancelled, 0 discarded");
            },
        };
    }

    [Theory, MemberData(nameof(Endings.OfTwo), MemberType = typeof(Endings))]
    public Task A_check_finds_no_drift_while_a_member_is_added(bool checkCommits, bool additionCommits) =>
        fixture.AssertAllRightAsync(20, () => CheckAndAddAsync(_verbs, checkCommits, additionCommits));

    [Fact]
    public Task The_check_catches_a_check_that_does_not_lock_the_batch_while_a_member_is_added() =>
        fixture.AssertSomeWrongAsync("a drift of -1", () => CheckAndAddAsync(_verbs.Broken("_lockBatch", (Postgres.PostgresStore.LockBatchSql, LockAlone)), true, true));

    async Task<Meeting> CheckAndAddAsync(StoreVerbs verbs, bool checkCommits, bool additionCommits)
    {
        var batch = await fixture.OpenAsync(executing: 0);
        return new Meeting(
            [batch],
            new Actor("leader", checkCommits, verbs.Check(batch, expected: 0)),
            new Actor("adder", additionCommits, verbs.Add(batch, new Answer<bool>())))
        { EndAsync = () => fixture.EndAsync(batch, "closed: 1 completed, 0 cancelled, 0 discarded") };
    }

    // The counters are wrong until the check has committed, so nothing is demanded of them before.
    [Theory, MemberData(nameof(Endings.OfTwo), MemberType = typeof(Endings))]
    public Task A_check_counts_what_is_gone_once_and_the_batch_closes_once_with_the_last_acknowledgement(bool checkCommits, bool acknowledgementCommits) =>
        fixture.AssertAllRightAsync(10, () => RepairAndAcknowledgeAsync(_verbs, checkCommits, acknowledgementCommits));

    [Fact]
    public Task The_check_catches_a_repair_of_counters_that_were_read_without_a_lock() =>
        fixture.AssertSomeWrongAsync("23514: ", () => RepairAndAcknowledgeAsync(_verbs.Broken("_lockBatch", (Postgres.PostgresStore.LockBatchSql, LockAlone)), true, true));

    async Task<Meeting> RepairAndAcknowledgeAsync(StoreVerbs verbs, bool checkCommits, bool acknowledgementCommits)
    {
        var batch = await fixture.StartAsync(executing: 1, waiting: 1);
        await fixture.ScalarAsync<object?, long>("DELETE FROM jobs.jobs WHERE batch = $1 AND state = 'available'", batch.Key);
        return new Meeting(
            [],
            new Actor("leader", checkCommits, verbs.Check(batch, expected: 1)),
            new Actor("owner", acknowledgementCommits, verbs.Acknowledge(batch.Executing[0], JobState.Completed)))
        { EndAsync = () => fixture.ExpectAsync(batch, "closed: 1 completed, 1 cancelled, 0 discarded") };
    }
}
