using Jobs.Store;

namespace Jobs.Runtime.Tests.Isolation;

/// <summary>Deletes and the pruning of members, against the acknowledgement of others and of the same, in every order, with commits and rollbacks.</summary>
/// <remarks>What was rolled back is repeated. Each wrong way beside them is the store's own statement with something left out or read too early.</remarks>
public sealed class DeleteOrdersTests(BatchFixture fixture) : IClassFixture<BatchFixture>
{
    const string UnlessOpen = "AND NOT EXISTS (SELECT FROM :schema.batches AS b WHERE b.key = seen.batch AND b.closed_at IS NULL)";

    readonly StoreVerbs _verbs = new(fixture);

    [Theory, MemberData(nameof(Endings.OfTwo), MemberType = typeof(Endings))]
    public Task A_delete_of_all_that_wait_and_the_acknowledgement_of_the_one_that_runs_close_the_batch_once(bool deleteCommits, bool acknowledgementCommits) =>
        fixture.AssertAllRightAsync(6, () => DeleteAllAndAcknowledgeAsync(_verbs, deleteCommits, acknowledgementCommits));

    [Fact]
    public Task The_check_catches_a_delete_that_counts_by_what_its_snapshot_shows() =>
        fixture.AssertSomeWrongAsync("1 pending, and 0 members of a sealed batch", () => DeleteAllAndAcknowledgeAsync(_verbs.CountingBySnapshot("_deleteJobs"), true, true));

    [Fact]
    public Task The_check_catches_a_delete_that_does_not_count() =>
        fixture.AssertSomeWrongAsync(
            "2 pending, and 1 members of a sealed batch", () => DeleteAllAndAcknowledgeAsync(_verbs.Broken("_deleteJobs", ("moved.state ELSE 'cancelled' END AS state", "moved.state ELSE moved.state END AS state")), true, true));

    async Task<Meeting> DeleteAllAndAcknowledgeAsync(StoreVerbs verbs, bool deleteCommits, bool acknowledgementCommits)
    {
        var batch = await fixture.StartAsync(executing: 1, waiting: 1);
        return new Meeting(
            [batch],
            new Actor("user", deleteCommits, verbs.DeleteMembers(batch)),
            new Actor("owner", acknowledgementCommits, verbs.Acknowledge(batch.Executing[0], JobState.Completed)))
        {
            MayMissMembers = static facts => true,
            EndAsync = () => fixture.ExpectAsync(batch, "closed: 1 completed, 1 cancelled, 0 discarded"),
        };
    }

    [Theory, MemberData(nameof(Endings.OfTwo), MemberType = typeof(Endings))]
    public Task A_job_is_deleted_if_its_failure_was_acknowledged_before_and_else_it_is_not(bool deleteCommits, bool acknowledgementCommits) =>
        fixture.AssertAllRightAsync(6, () => DeleteAndAcknowledgeAsync(_verbs, deleteCommits, acknowledgementCommits));

    [Fact]
    public Task The_check_catches_a_delete_of_a_job_that_runs() =>
        fixture.AssertSomeWrongAsync("deleted while it was executing", () => DeleteAndAcknowledgeAsync(_verbs.Broken("_deleteJobs", ("j.state <> 'executing' AS is_possible", "true AS is_possible")), true, true));

    async Task<Meeting> DeleteAndAcknowledgeAsync(StoreVerbs verbs, bool deleteCommits, bool acknowledgementCommits)
    {
        var batch = await fixture.StartAsync(executing: 1);
        var job = batch.Executing[0];
        var isDeleted = new Answer<bool>();
        return new Meeting(
            [batch],
            new Actor("owner", acknowledgementCommits, verbs.Acknowledge(job, JobState.Retryable)),
            new Actor("user", deleteCommits, verbs.Delete(job, isDeleted) with { JudgeAsync = JudgeAsync }))
        {
            MayMissMembers = static facts => facts.IsClosed,
            EndAsync = () => fixture.EndAsync(batch, isDeleted.Value ? "closed: 0 completed, 1 cancelled, 0 discarded" : "closed: 1 completed, 0 cancelled, 0 discarded"),
        };

        async Task<string> JudgeAsync() =>
            await fixture.StateAsync(job.Id) is var state && isDeleted.Value == (state != "executing") ? "" : isDeleted.Value ? "deleted while it was executing" : $"not deleted while it was {state}";
    }

    [Theory, MemberData(nameof(Endings.OfTwo), MemberType = typeof(Endings))]
    public Task A_member_is_pruned_only_when_the_last_acknowledgement_of_its_batch_has_committed(bool pruneCommits, bool acknowledgementCommits) =>
        fixture.AssertAllRightAsync(6, () => PruneAndAcknowledgeAsync(_verbs, pruneCommits, acknowledgementCommits));

    [Fact]
    public Task The_check_catches_a_pruning_that_does_not_ask_whether_the_batch_is_open() =>
        fixture.AssertSomeWrongAsync("1 members of an open batch pruned", () => PruneAndAcknowledgeAsync(_verbs.Broken("_prune", (UnlessOpen, "")), true, true));

    async Task<Meeting> PruneAndAcknowledgeAsync(StoreVerbs verbs, bool pruneCommits, bool acknowledgementCommits)
    {
        var batch = await fixture.StartAsync(executing: 2);
        await fixture.Store.AcknowledgeAsync([StoreVerbs.Outcome(batch.Executing[0], JobState.Completed)], CancellationToken.None);
        return new Meeting(
            [batch],
            new Actor("leader", pruneCommits, verbs.Prune(batch, JobState.Completed)),
            new Actor("owner", acknowledgementCommits, verbs.Acknowledge(batch.Executing[1], JobState.Completed)))
        {
            MayMissMembers = static facts => facts.IsClosed,
            EndAsync = () => fixture.ExpectAsync(batch, "closed: 2 completed, 0 cancelled, 0 discarded"),
        };
    }

    [Theory, MemberData(nameof(Endings.OfThree), MemberType = typeof(Endings))]
    public Task A_failed_member_is_retried_while_its_batch_is_open_and_pruned_when_it_has_closed(bool acknowledgementCommits, bool retryCommits, bool pruneCommits) =>
        fixture.AssertAllRightAsync(90, () => AcknowledgeRetryAndPruneAsync(_verbs, acknowledgementCommits, retryCommits, pruneCommits));

    [Fact]
    public Task The_check_catches_a_pruning_that_takes_what_could_be_retried() =>
        fixture.AssertSomeWrongAsync("1 members of an open batch pruned", () => AcknowledgeRetryAndPruneAsync(_verbs.Broken("_prune", (UnlessOpen, "")), true, true, true));

    [Fact]
    public Task The_check_catches_a_retry_into_a_batch_that_has_closed() =>
        fixture.AssertSomeWrongAsync(
            "0 pending, and 1 members of a sealed batch", () => AcknowledgeRetryAndPruneAsync(_verbs.Broken("_retryJobs", ("WHERE b.closed_at IS NULL AND ", "WHERE ")), true, true, true));

    async Task<Meeting> AcknowledgeRetryAndPruneAsync(StoreVerbs verbs, bool acknowledgementCommits, bool retryCommits, bool pruneCommits)
    {
        var batch = await fixture.StartAsync(executing: 2);
        await fixture.Store.AcknowledgeAsync([StoreVerbs.Outcome(batch.Executing[0], JobState.Discarded)], CancellationToken.None);
        var isRetried = new Answer<bool>();
        return new Meeting(
            [batch],
            new Actor("owner", acknowledgementCommits, verbs.Acknowledge(batch.Executing[1], JobState.Completed)),
            new Actor("user", retryCommits, verbs.Retry(batch.Executing[0], isRetried)),
            new Actor("leader", pruneCommits, verbs.Prune(batch, JobState.Discarded)))
        {
            MayMissMembers = static facts => facts.IsClosed,
            EndAsync = () => fixture.EndAsync(batch, isRetried.Value ? "closed: 2 completed, 0 cancelled, 0 discarded" : "closed: 1 completed, 0 cancelled, 1 discarded"),
        };
    }
}
