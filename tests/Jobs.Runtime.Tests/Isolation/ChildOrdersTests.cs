using Jobs.Store;

namespace Jobs.Runtime.Tests.Isolation;

/// <summary>The count of a closed batch in the one that it is in, against what else changes the two, in every order, with commits and rollbacks.</summary>
/// <remarks>What was rolled back is repeated. Each wrong way beside them is the store's own statement with something left out or read too early.</remarks>
public sealed class ChildOrdersTests(BatchFixture fixture) : IClassFixture<BatchFixture>
{
    readonly StoreVerbs _verbs = new(fixture);

    [Theory, MemberData(nameof(Endings.OfTwo), MemberType = typeof(Endings))]
    public Task The_count_of_a_child_and_the_last_acknowledgement_close_the_parent_once(bool countCommits, bool acknowledgementCommits) =>
        fixture.AssertAllRightAsync(6, () => CountAndAcknowledgeAsync(_verbs, countCommits, acknowledgementCommits));

    [Fact]
    public Task The_check_catches_a_count_of_a_child_by_what_its_snapshot_shows_of_the_parent() =>
        fixture.AssertSomeWrongAsync("1 pending, and 0 members of a sealed batch", () => CountAndAcknowledgeAsync(_verbs.CountingBySnapshot("_countChildren"), true, true));

    async Task<Meeting> CountAndAcknowledgeAsync(StoreVerbs verbs, bool countCommits, bool acknowledgementCommits)
    {
        var (parent, child) = await FamilyAsync();
        await EndChildAsync(child);
        return new Meeting(
            [parent, child],
            new Actor("leader", countCommits, verbs.CountInParent(child)),
            new Actor("owner", acknowledgementCommits, verbs.Acknowledge(parent.Executing[0], JobState.Completed)))
        { EndAsync = () => fixture.ExpectAsync(parent, "closed: 1 completed, 0 cancelled, 1 discarded") };
    }

    [Theory, MemberData(nameof(Endings.OfThree), MemberType = typeof(Endings))]
    public Task A_child_counts_once_though_two_count_it(bool firstCommits, bool secondCommits, bool acknowledgementCommits) =>
        fixture.AssertAllRightAsync(90, () => CountTwiceAndAcknowledgeAsync(_verbs, firstCommits, secondCommits, acknowledgementCommits));

    [Fact]
    public Task The_check_catches_a_count_that_does_not_ask_again_whether_the_child_was_counted() =>
        fixture.AssertSomeWrongAsync(
            "0 pending, and 1 members of a sealed batch", () => CountTwiceAndAcknowledgeAsync(_verbs.Broken("_countChildren", (" AND locked.counted_at IS NULL", "")), true, true, true));

    async Task<Meeting> CountTwiceAndAcknowledgeAsync(StoreVerbs verbs, bool firstCommits, bool secondCommits, bool acknowledgementCommits)
    {
        var (parent, child) = await FamilyAsync();
        await EndChildAsync(child);
        return new Meeting(
            [parent, child],
            new Actor("leader", firstCommits, verbs.CountInParent(child)),
            new Actor("former leader", secondCommits, verbs.CountInParent(child)),
            new Actor("owner", acknowledgementCommits, verbs.Acknowledge(parent.Executing[0], JobState.Completed)))
        { EndAsync = () => fixture.ExpectAsync(parent, "closed: 1 completed, 0 cancelled, 1 discarded") };
    }

    [Theory, MemberData(nameof(Endings.OfThree), MemberType = typeof(Endings))]
    public Task A_parent_closes_once_when_its_child_has_ended_and_was_counted_and_its_own_member_has_ended(
        bool acknowledgementInChildCommits, bool countCommits, bool acknowledgementCommits) =>
        fixture.AssertAllRightAsync(90, () => EndChildAndCountAsync(_verbs, acknowledgementInChildCommits, countCommits, acknowledgementCommits));

    [Fact]
    public Task The_check_catches_a_count_of_a_child_that_has_not_closed() =>
        fixture.AssertSomeWrongAsync(
            "1 pending, and 2 members of a sealed batch", () => EndChildAndCountAsync(_verbs.Broken("_countChildren", ("locked.closed_at IS NOT NULL AND ", "")), true, true, true));

    // Whoever counted before the child had closed has done nothing. The leader looks again until it is done.
    async Task<Meeting> EndChildAndCountAsync(StoreVerbs verbs, bool acknowledgementInChildCommits, bool countCommits, bool acknowledgementCommits)
    {
        var (parent, child) = await FamilyAsync();
        return new Meeting(
            [parent, child],
            new Actor("owner in the child", acknowledgementInChildCommits, verbs.Acknowledge(child.Executing[0], JobState.Discarded)),
            new Actor("leader", countCommits, verbs.CountInParent(child)),
            new Actor("owner", acknowledgementCommits, verbs.Acknowledge(parent.Executing[0], JobState.Completed)))
        {
            EndAsync = async () =>
            {
                await fixture.Store.CountChildrenAsync([child.Key], CancellationToken.None);
                return await fixture.ExpectAsync(parent, "closed: 1 completed, 0 cancelled, 1 discarded");
            },
        };
    }

    [Theory, MemberData(nameof(Endings.OfTwo), MemberType = typeof(Endings))]
    public Task A_parent_closes_once_with_the_later_of_its_seal_and_the_count_of_its_child(bool sealCommits, bool countCommits) =>
        fixture.AssertAllRightAsync(6, () => SealAndCountAsync(_verbs, sealCommits, countCommits));

    [Fact]
    public Task The_check_catches_a_seal_that_does_not_see_the_count_of_a_child() =>
        fixture.AssertSomeWrongAsync("1 pending, and 0 members of a sealed batch", () => SealAndCountAsync(_verbs.CountingBySnapshot("_sealBatch"), true, true));

    async Task<Meeting> SealAndCountAsync(StoreVerbs verbs, bool sealCommits, bool countCommits)
    {
        var parent = await fixture.OpenAsync(executing: 0);
        var child = await fixture.OpenAsync(executing: 1, parent.Id);
        await EndChildAsync(child);
        return new Meeting(
            [parent, child],
            new Actor("builder", sealCommits, verbs.Seal(parent)),
            new Actor("leader", countCommits, verbs.CountInParent(child)))
        { EndAsync = () => fixture.ExpectAsync(parent, "closed: 0 completed, 0 cancelled, 1 discarded") };
    }

    [Theory, MemberData(nameof(Endings.OfTwo), MemberType = typeof(Endings))]
    public Task A_child_is_pruned_only_when_its_parent_has_counted_it(bool countCommits, bool pruneCommits) =>
        fixture.AssertAllRightAsync(6, () => CountAndPruneAsync(_verbs, countCommits, pruneCommits));

    [Fact]
    public Task The_check_catches_a_pruning_of_a_child_that_its_parent_has_not_counted() =>
        fixture.AssertSomeWrongAsync(
            "2 pending, and 1 members of a sealed batch", () => CountAndPruneAsync(_verbs.Broken("_pruneBatches", ("AND (b.parent IS NULL OR b.counted_at IS NOT NULL)", "")), true, true));

    // The child has told, and its callback has ended. Its row may be gone when its parent has counted it, so only the parent is looked at.
    async Task<Meeting> CountAndPruneAsync(StoreVerbs verbs, bool countCommits, bool pruneCommits)
    {
        var (parent, child) = await FamilyAsync();
        await EndChildAsync(child);
        await fixture.ScalarAsync<object?, long>("DELETE FROM jobs.jobs WHERE callback_of = $1", child.Key);
        return new Meeting(
            [parent],
            new Actor("leader", countCommits, verbs.CountInParent(child)),
            new Actor("former leader", pruneCommits, verbs.PruneBatches()))
        {
            MayMissMembers = static facts => facts.Counted.Discarded == 1,
            EndAsync = async () =>
            {
                await fixture.Store.AcknowledgeAsync([StoreVerbs.Outcome(parent.Executing[0], JobState.Completed)], CancellationToken.None);
                return await fixture.ExpectAsync(parent, "closed: 1 completed, 0 cancelled, 1 discarded");
            },
        };
    }

    /// <summary>A sealed batch with a member that executes, and in it another one.</summary>
    async Task<(TestBatch Parent, TestBatch Child)> FamilyAsync()
    {
        var parent = await fixture.OpenAsync(executing: 1);
        var child = await fixture.OpenAsync(executing: 1, parent.Id);
        await fixture.Store.SealBatchAsync(child.Id, EnqueueTerms.Alone, CancellationToken.None);
        await fixture.Store.SealBatchAsync(parent.Id, EnqueueTerms.Alone, CancellationToken.None);
        return (parent, child);
    }

    /// <summary>Closes a child, and leaves it to others to count that.</summary>
    async Task EndChildAsync(TestBatch child)
    {
        await fixture.Store.SealBatchAsync(child.Id, EnqueueTerms.Alone, CancellationToken.None);
        await using var connection = await fixture.DataSource.OpenConnectionAsync();
        await _verbs.AcknowledgeAsync(connection, StoreVerbs.Outcome(child.Executing[0], JobState.Discarded));
    }
}
