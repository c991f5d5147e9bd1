using Jobs.Store;
using Npgsql;

namespace Jobs.Runtime.Tests.Isolation;

/// <summary>The last jobs of a batch, acknowledged on as many connections in every order, with commits and rollbacks.</summary>
/// <remarks>
/// A rolled-back acknowledgement is repeated at the end of its order. The wrong ways to do it stand beside the right one: a check that
/// they pass would be no check.
/// </remarks>
public sealed class LastAcknowledgementsTests(BatchFixture fixture) : IClassFixture<BatchFixture>
{
    readonly StoreVerbs _verbs = new(fixture);

    [Theory]
    [MemberData(nameof(Endings.OfTwo), MemberType = typeof(Endings))]
    public async Task Two_last_acknowledgements_close_their_batch_once_in_every_order(bool firstCommits, bool secondCommits)
    {
        var orders = await TryEveryOrderAsync(Completion.ByTheStore(_verbs), firstCommits, secondCommits);

        Assert.Equal(6, orders.Count);
        Assert.Contains(orders, order => order.SomebodyWaited);
        await AssertAllClosedOnceAsync(orders, completed: 1, discarded: 1);
    }

    [Theory]
    [MemberData(nameof(Endings.OfThree), MemberType = typeof(Endings))]
    public async Task Three_last_acknowledgements_close_their_batch_once_in_every_order(bool firstCommits, bool secondCommits, bool thirdCommits)
    {
        var orders = await TryEveryOrderAsync(Completion.ByTheStore(_verbs), firstCommits, secondCommits, thirdCommits);

        Assert.Equal(90, orders.Count);
        await AssertAllClosedOnceAsync(orders, completed: 1, discarded: 2);
    }

    [Theory]
    [MemberData(nameof(Endings.OfTwo), MemberType = typeof(Endings))]
    public async Task The_same_acknowledgement_sent_twice_counts_once_in_every_order(bool firstCommits, bool secondCommits)
    {
        foreach (var order in Step.Orders(2, 2))
        {
            var (batch, jobs) = await fixture.ExecuteBatchAsync(1);
            var outcome = Outcome(jobs[0], JobState.Completed);
            var store = Completion.ByTheStore(_verbs);

            var trace = await fixture.Tester.RunAsync(
                Step.Arrange(order, [store.Steps("1", outcome, firstCommits), store.Steps("2", outcome, secondCommits)]));
            await RepeatAsync(store, outcome);

            await AssertAllClosedOnceAsync([new Order(batch, trace, "")], completed: 1, discarded: 0);
        }
    }

    [Theory]
    [MemberData(nameof(Endings.OfTwo), MemberType = typeof(Endings))]
    public Task An_acknowledgement_and_a_rescue_of_the_same_job_never_both_count(bool acknowledgementCommits, bool rescueCommits) =>
        fixture.AssertAllRightAsync(6, () => MeetAtAJobAsync(_verbs, acknowledgementCommits, rescueCommits));

    [Fact]
    public Task The_check_catches_a_rescue_that_takes_what_has_ended_since_it_looked() =>
        fixture.AssertSomeWrongAsync("0 pending, and 1 members of a sealed batch", () => MeetAtAJobAsync(
            _verbs.Broken("_rescue", ("j.state = 'executing' AND j.run = orphans.run AND j.node = orphans.node", "true"), ("FOR NO KEY UPDATE OF j SKIP LOCKED", "FOR NO KEY UPDATE OF j")), true, true));

    async Task<Meeting> MeetAtAJobAsync(StoreVerbs verbs, bool acknowledgementCommits, bool rescueCommits)
    {
        var batch = await fixture.StartAsync(executing: 1);
        return new Meeting(
            [batch],
            new Actor("owner", acknowledgementCommits, verbs.Acknowledge(batch.Executing[0], JobState.Completed)),
            new Actor("rescuer", rescueCommits, verbs.Rescue()))
        { EndAsync = () => fixture.EndAsync(batch, "closed: 1 completed, 0 cancelled, 0 discarded") };
    }

    [Fact]
    public async Task Acknowledgements_of_the_same_batches_in_opposite_orders_do_not_deadlock()
    {
        foreach (var order in Step.Orders(2, 2))
        {
            var (one, jobsOfOne) = await fixture.ExecuteBatchAsync(2);
            var (other, jobsOfOther) = await fixture.ExecuteBatchAsync(2);
            var trace = await fixture.Tester.RunAsync(
                Step.Arrange(order, [Steps("1", jobsOfOne[0], jobsOfOther[0]), Steps("2", jobsOfOther[1], jobsOfOne[1])]));

            await AssertAllClosedOnceAsync([new Order(one, trace, ""), new Order(other, trace, "")], completed: 2, discarded: 0);
        }

        IReadOnlyList<Step> Steps(string session, params ClaimedJob[] jobs)
        {
            var both = new Completion((connection, _) => _verbs.AcknowledgeAsync(connection, jobs.Select(job => Outcome(job, JobState.Completed))));
            return both.Steps(session, default, commits: true);
        }
    }

    [Fact]
    public async Task The_check_catches_an_acknowledgement_that_counts_by_what_its_snapshot_shows()
    {
        var orders = await TryEveryOrderAsync(Completion.ByTheStore(_verbs.CountingBySnapshot("_acknowledge")), true, true);

        Assert.Contains(orders, order => order.Wrong == "0 callbacks" && order.SomebodyWaited);
    }

    [Fact]
    public async Task The_check_catches_a_count_after_the_commit_which_tells_twice()
    {
        var orders = await TryEveryOrderAsync(Completion.ByACountAfterTheCommit, true, true);

        Assert.Contains(orders, order => order.Wrong == "2 callbacks");
    }

    [Fact]
    public async Task The_check_catches_a_count_before_the_commit_which_never_tells()
    {
        var orders = await TryEveryOrderAsync(Completion.ByACountBeforeTheCommit, true, true);

        Assert.Contains(orders, order => order.Wrong == "0 callbacks");
    }

    [Fact]
    public async Task The_check_catches_a_count_in_the_same_statement_which_never_tells()
    {
        var orders = await TryEveryOrderAsync(Completion.ByACountInTheSameStatement, true, true);

        Assert.Contains(orders, order => order.Wrong == "0 callbacks" && order.SomebodyWaited);
    }

    [Fact]
    public async Task The_check_catches_a_callback_that_comes_too_early()
    {
        var orders = await TryEveryOrderAsync(Completion.ByTheFirstThatEnds, true, true);

        Assert.All(orders, order => Assert.StartsWith("1 callbacks after 1 ", order.Wrong, StringComparison.Ordinal));
    }

    async Task<IReadOnlyList<Order>> TryEveryOrderAsync(Completion completion, params IReadOnlyList<bool> commits)
    {
        var orders = new List<Order>();
        foreach (var order in Step.Orders([.. commits.Select(commits => completion.Steps("", default, commits).Count)]))
            orders.Add(await TryAsync(completion, commits, order));
        return orders;
    }

    async Task<Order> TryAsync(Completion completion, IReadOnlyList<bool> commits, IReadOnlyList<int> order)
    {
        var (batch, jobs) = await fixture.ExecuteBatchAsync(commits.Count);
        var outcomes = jobs.Select((job, i) => Outcome(job, i == 0 ? JobState.Completed : JobState.Discarded)).ToList();
        var sessions = outcomes.Select((outcome, i) => completion.Steps($"{i + 1}", outcome, commits[i])).ToList();
        var wrong = "";
        var committed = 0;

        var trace = await fixture.Tester.RunAsync(Step.Arrange(order, sessions), async ended =>
        {
            committed += ended.Count(static step => step.IsCommit);
            if (committed < commits.Count)
                await ExpectCallbacksAsync(0);
        });
        foreach (var i in Enumerable.Range(0, commits.Count).Where(i => !commits[i]))
        {
            await ExpectCallbacksAsync(0);
            await RepeatAsync(completion, outcomes[i]);
            committed++;
        }

        await ExpectCallbacksAsync(1);
        return new Order(batch, trace, wrong);

        async Task ExpectCallbacksAsync(long expected)
        {
            var callbacks = await fixture.CountCallbacksAsync(batch);
            if (wrong == "" && callbacks != expected)
                wrong = committed == commits.Count ? $"{callbacks} callbacks" : $"{callbacks} callbacks after {committed} of {commits.Count} commits";
        }
    }

    async Task RepeatAsync(Completion completion, Acknowledgement outcome)
    {
        await using var connection = await fixture.DataSource.OpenConnectionAsync();
        await completion.RepeatAsync(connection, outcome);
    }

    async Task AssertAllClosedOnceAsync(IReadOnlyList<Order> orders, int completed, int discarded)
    {
        foreach (var order in orders)
        {
            var status = await fixture.FindAsync(order.Batch);

            Assert.True(order.Wrong == "", $"{order.Trace}: {order.Wrong}");
            Assert.True(status.IsClosed, order.Trace);
            Assert.Equal((order.Trace, 0, completed, 0, discarded), (order.Trace, status.Pending, status.Completed, status.Cancelled, status.Discarded));
            Assert.Equal(1, await fixture.CountCallbacksAsync(order.Batch));
        }
    }

    static Acknowledgement Outcome(ClaimedJob job, JobState state) => StoreVerbs.Outcome(job, state);

    sealed record Order(BatchRef Batch, string Trace, string Wrong)
    {
        public bool SomebodyWaited => Trace.Contains("waits", StringComparison.Ordinal);
    }
}
