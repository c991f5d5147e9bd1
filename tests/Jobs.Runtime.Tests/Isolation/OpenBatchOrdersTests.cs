using Jobs.Store;

namespace Jobs.Runtime.Tests.Isolation;

/// <summary>Additions and the seals of their batch, against each other and against the acknowledgement of a member, in every order, with commits and rollbacks.</summary>
/// <remarks>What was rolled back is repeated. Each wrong way beside them is the store's own statement with something left out or read too early.</remarks>
public sealed class OpenBatchOrdersTests(BatchFixture fixture) : IClassFixture<BatchFixture>
{
    const string Total = "total = total + $2,\n    pending = pending + $2";
    const string TotalOfSnapshot = "total = (SELECT b.total + $2 FROM :schema.batches AS b WHERE b.key = $1),\n    pending = (SELECT b.pending + $2 FROM :schema.batches AS b WHERE b.key = $1)";

    readonly StoreVerbs _verbs = new(fixture);

    [Theory, MemberData(nameof(Endings.OfTwo), MemberType = typeof(Endings))]
    public Task An_acknowledgement_and_an_addition_are_both_counted_and_leave_the_batch_open(bool acknowledgementCommits, bool additionCommits) =>
        fixture.AssertAllRightAsync(10, () => AcknowledgeAndAddAsync(_verbs, acknowledgementCommits, additionCommits));

    [Fact]
    public Task The_check_catches_an_acknowledgement_that_counts_by_what_its_snapshot_shows() =>
        fixture.AssertSomeWrongAsync("1 pending, and 1 members of an open batch", () => AcknowledgeAndAddAsync(_verbs.CountingBySnapshot("_acknowledge"), true, true));

    async Task<Meeting> AcknowledgeAndAddAsync(StoreVerbs verbs, bool acknowledgementCommits, bool additionCommits)
    {
        var batch = await fixture.OpenAsync(executing: 1);
        return new Meeting(
            [batch],
            new Actor("owner", acknowledgementCommits, verbs.Acknowledge(batch.Executing[0], JobState.Completed)),
            new Actor("adder", additionCommits, verbs.Add(batch, new Answer<bool>())))
        { EndAsync = () => fixture.EndAsync(batch, "closed: 2 completed, 0 cancelled, 0 discarded") };
    }

    [Theory, MemberData(nameof(Endings.OfTwo), MemberType = typeof(Endings))]
    public Task A_batch_closes_once_with_the_later_of_its_last_acknowledgement_and_its_seal(bool acknowledgementCommits, bool sealCommits) =>
        fixture.AssertAllRightAsync(6, () => AcknowledgeAndSealAsync(_verbs, acknowledgementCommits, sealCommits));

    [Fact]
    public Task The_check_catches_a_seal_that_counts_by_what_its_snapshot_shows() =>
        fixture.AssertSomeWrongAsync("1 pending, and 0 members of a sealed batch", () => AcknowledgeAndSealAsync(_verbs.CountingBySnapshot("_sealBatch"), true, true));

    [Fact]
    public Task The_check_catches_a_last_acknowledgement_that_does_not_see_the_seal() =>
        fixture.AssertSomeWrongAsync("open: 1 completed, ", () => AcknowledgeAndSealAsync(_verbs.CountingBySnapshot("_acknowledge"), true, true));

    async Task<Meeting> AcknowledgeAndSealAsync(StoreVerbs verbs, bool acknowledgementCommits, bool sealCommits)
    {
        var batch = await fixture.OpenAsync(executing: 1);
        return new Meeting(
            [batch],
            new Actor("owner", acknowledgementCommits, verbs.Acknowledge(batch.Executing[0], JobState.Completed)),
            new Actor("builder", sealCommits, verbs.Seal(batch)))
        { EndAsync = () => fixture.ExpectAsync(batch, "closed: 1 completed, 0 cancelled, 0 discarded") };
    }

    [Theory, MemberData(nameof(Endings.OfTwo), MemberType = typeof(Endings))]
    public Task An_addition_comes_before_the_seal_or_is_refused_and_stores_nothing(bool additionCommits, bool sealCommits) =>
        fixture.AssertAllRightAsync(10, () => AddAndSealAsync(_verbs, additionCommits, sealCommits));

    [Fact]
    public Task The_check_catches_an_addition_that_does_not_ask_again_whether_the_batch_is_sealed() =>
        fixture.AssertSomeWrongAsync("added to a batch that takes no more", () => AddAndSealAsync(_verbs.Broken("_addMembers", (" AND sealed_at IS NULL", "")), true, true));

    async Task<Meeting> AddAndSealAsync(StoreVerbs verbs, bool additionCommits, bool sealCommits)
    {
        var batch = await fixture.OpenAsync(executing: 1);
        var isAdded = new Answer<bool>();
        return new Meeting(
            [batch],
            new Actor("adder", additionCommits, verbs.Add(batch, isAdded)),
            new Actor("builder", sealCommits, verbs.Seal(batch)))
        {
            EndAsync = async () =>
            {
                await fixture.Store.AcknowledgeAsync([StoreVerbs.Outcome(batch.Executing[0], JobState.Completed)], CancellationToken.None);
                return await fixture.EndAsync(batch, $"closed: {(isAdded.Value ? 2 : 1)} completed, 0 cancelled, 0 discarded");
            },
        };
    }

    [Theory, MemberData(nameof(Endings.OfTwo), MemberType = typeof(Endings))]
    public Task Two_additions_are_both_counted(bool firstCommits, bool secondCommits) =>
        fixture.AssertAllRightAsync(20, () => AddTwiceAsync(_verbs, firstCommits, secondCommits));

    [Theory, MemberData(nameof(Endings.OfTwo), MemberType = typeof(Endings))]
    public Task Of_two_additions_of_the_same_unique_job_one_is_counted(bool firstCommits, bool secondCommits) =>
        fixture.AssertAllRightAsync(20, () => AddTwiceAsync(_verbs, firstCommits, secondCommits, areOne: true));

    [Fact]
    public Task The_check_catches_an_addition_that_counts_by_what_its_snapshot_shows() =>
        fixture.AssertSomeWrongAsync("2 pending, and 2 members of an open batch", () => AddTwiceAsync(_verbs.Broken("_addMembers", (Total, TotalOfSnapshot)), true, true));

    async Task<Meeting> AddTwiceAsync(StoreVerbs verbs, bool firstCommits, bool secondCommits, bool areOne = false)
    {
        var batch = await fixture.OpenAsync(executing: 0);
        var key = areOne ? batch.Id : null;
        return new Meeting(
            [batch],
            new Actor("one", firstCommits, verbs.Add(batch, new Answer<bool>(), key)),
            new Actor("other", secondCommits, verbs.Add(batch, new Answer<bool>(), key)))
        { EndAsync = () => fixture.EndAsync(batch, $"closed: {(areOne ? 1 : 2)} completed, 0 cancelled, 0 discarded") };
    }

    [Theory, MemberData(nameof(Endings.OfThree), MemberType = typeof(Endings))]
    public Task A_batch_closes_once_when_it_is_sealed_and_all_that_was_added_before_has_ended(bool acknowledgementCommits, bool additionCommits, bool sealCommits) =>
        fixture.AssertAllRightAsync(90, () => AcknowledgeAddAndSealAsync(_verbs, acknowledgementCommits, additionCommits, sealCommits));

    [Fact]
    public Task The_check_catches_an_addition_to_a_batch_that_has_closed() =>
        fixture.AssertSomeWrongAsync("23514: ", () => AcknowledgeAddAndSealAsync(_verbs.Broken("_addMembers", (" AND sealed_at IS NULL", "")), true, true, true));

    async Task<Meeting> AcknowledgeAddAndSealAsync(StoreVerbs verbs, bool acknowledgementCommits, bool additionCommits, bool sealCommits)
    {
        var batch = await fixture.OpenAsync(executing: 1);
        var isAdded = new Answer<bool>();
        return new Meeting(
            [batch],
            new Actor("owner", acknowledgementCommits, verbs.Acknowledge(batch.Executing[0], JobState.Completed)),
            new Actor("adder", additionCommits, verbs.AddAtOnce(batch, isAdded)),
            new Actor("builder", sealCommits, verbs.Seal(batch)))
        { EndAsync = () => fixture.EndAsync(batch, $"closed: {(isAdded.Value ? 2 : 1)} completed, 0 cancelled, 0 discarded") };
    }

    [Theory, MemberData(nameof(Endings.OfTwo), MemberType = typeof(Endings))]
    public Task An_addition_comes_before_the_cancel_of_the_batch_or_is_refused_and_stores_nothing(bool additionCommits, bool cancelCommits) =>
        fixture.AssertAllRightAsync(10, () => AddAndCancelAsync(_verbs, additionCommits, cancelCommits));

    [Fact]
    public Task The_check_catches_an_addition_that_does_not_ask_again_whether_the_batch_is_cancelled() =>
        fixture.AssertSomeWrongAsync("added to a batch that takes no more", () => AddAndCancelAsync(_verbs.Broken("_addMembers", (" AND cancel_requested_at IS NULL", "")), true, true));

    async Task<Meeting> AddAndCancelAsync(StoreVerbs verbs, bool additionCommits, bool cancelCommits)
    {
        var batch = await fixture.OpenAsync(executing: 0);
        var isAdded = new Answer<bool>();
        return new Meeting(
            [batch],
            new Actor("adder", additionCommits, verbs.Add(batch, isAdded)),
            new Actor("canceller", cancelCommits, verbs.Mark(batch)))
        { EndAsync = () => fixture.EndAsync(batch, $"closed: {(isAdded.Value ? 1 : 0)} completed, 0 cancelled, 0 discarded") };
    }

    [Theory, MemberData(nameof(Endings.OfTwo), MemberType = typeof(Endings))]
    public Task A_batch_whose_builder_was_not_heard_of_is_sealed_unless_he_adds_something_before(bool additionCommits, bool sealCommits) =>
        fixture.AssertAllRightAsync(20, () => AddAndExpireAsync(_verbs, additionCommits, sealCommits));

    [Fact]
    public Task The_check_catches_a_leader_that_does_not_ask_again_whether_the_builder_was_heard_of() =>
        fixture.AssertSomeWrongAsync("sealed, though", () => AddAndExpireAsync(_verbs.Broken("_expireBatch", (" AND expires_at <= :schema.clock()", "")), true, true));

    async Task<Meeting> AddAndExpireAsync(StoreVerbs verbs, bool additionCommits, bool sealCommits)
    {
        var batch = await fixture.OpenAsync(executing: 0);
        await fixture.ScalarAsync<object?, long>("UPDATE jobs.batches SET expires_at = now() - interval '1 second' WHERE key = $1", batch.Key);
        var (isAdded, isExpired) = (new Answer<bool>(), new Answer<bool>());
        var expire = verbs.Expire(batch, isExpired);
        return new Meeting(
            [batch],
            new Actor("adder", additionCommits, verbs.Add(batch, isAdded)),
            new Actor("leader", sealCommits, expire with { JudgeAsync = JudgeAsync }))
        { EndAsync = () => fixture.EndAsync(batch, $"closed: {(isAdded.Value ? 1 : 0)} completed, 0 cancelled, 0 discarded") };

        async Task<string> JudgeAsync() => (isExpired.Value, (await fixture.LookAsync(batch)).Total) switch
        {
            (true, 1) => "sealed, though a job was added before",
            (false, 0) => "not sealed, though nothing was added before",
            _ => "",
        };
    }
}
