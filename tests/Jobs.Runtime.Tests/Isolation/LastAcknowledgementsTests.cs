using Jobs.Postgres;
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
    static readonly bool[] Endings = [true, false];

    public static TheoryData<bool, bool> EndingsOfTwo => [.. from first in Endings from second in Endings select (first, second)];

    public static TheoryData<bool, bool, bool> EndingsOfThree =>
        [.. from first in Endings from second in Endings from third in Endings select (first, second, third)];

    [Theory]
    [MemberData(nameof(EndingsOfTwo))]
    public async Task Two_last_acknowledgements_close_their_batch_once_in_every_order(bool firstCommits, bool secondCommits)
    {
        var orders = await TryEveryOrderAsync(Completion.ByTheStore(fixture), firstCommits, secondCommits);

        Assert.Equal(6, orders.Count);
        Assert.Contains(orders, order => order.SomebodyWaited);
        await AssertAllClosedOnceAsync(orders, completed: 1, discarded: 1);
    }

    [Theory]
    [MemberData(nameof(EndingsOfThree))]
    public async Task Three_last_acknowledgements_close_their_batch_once_in_every_order(bool firstCommits, bool secondCommits, bool thirdCommits)
    {
        var orders = await TryEveryOrderAsync(Completion.ByTheStore(fixture), firstCommits, secondCommits, thirdCommits);

        Assert.Equal(90, orders.Count);
        await AssertAllClosedOnceAsync(orders, completed: 1, discarded: 2);
    }

    [Theory]
    [MemberData(nameof(EndingsOfTwo))]
    public async Task The_same_acknowledgement_sent_twice_counts_once_in_every_order(bool firstCommits, bool secondCommits)
    {
        foreach (var order in Step.Orders(2, 2))
        {
            var (batch, jobs) = await fixture.ExecuteBatchAsync(1);
            var outcome = Outcome(jobs[0], JobState.Completed);
            var store = Completion.ByTheStore(fixture);

            var trace = await fixture.Tester.RunAsync(
                Step.Arrange(order, [store.Steps("1", outcome, firstCommits), store.Steps("2", outcome, secondCommits)]));
            await RepeatAsync(store, outcome);

            await AssertAllClosedOnceAsync([new Order(batch, trace, "")], completed: 1, discarded: 0);
        }
    }

    [Theory]
    [MemberData(nameof(EndingsOfTwo))]
    public async Task An_acknowledgement_and_a_rescue_of_the_same_job_never_both_count(bool acknowledgementCommits, bool rescueCommits)
    {
        foreach (var order in Step.Orders(2, 2))
        {
            var (batch, jobs) = await fixture.ExecuteBatchAsync(1);
            var store = Completion.ByTheStore(fixture);

            var trace = await fixture.Tester.RunAsync(Step.Arrange(order,
            [
                store.Steps("owner", Outcome(jobs[0], JobState.Completed), acknowledgementCommits),
                [new("rescuer", "rescue", RescueAsync), rescueCommits ? Step.Commit("rescuer") : Step.Rollback("rescuer")],
            ]));
            var afterwards = await fixture.FindAsync(batch);
            var rescued = await fixture.Store.ClaimSuspectAsync([batch.Id], [jobs[0].Worker], Guid.NewGuid(), TestContext.Current.CancellationToken);
            await RepeatAsync(store, Outcome(rescued ?? jobs[0], JobState.Completed));

            Assert.False(afterwards.IsClosed && rescued is not null, trace);
            await AssertAllClosedOnceAsync([new Order(batch, trace, "")], completed: 1, discarded: 0);
        }

        async Task RescueAsync(NpgsqlConnection connection)
        {
            await Step.SendAsync(connection, "BEGIN");
            await using var command = new NpgsqlCommand(fixture.Schema.Qualify(PostgresStore.RescueSql), connection);
            command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = 500 });
            await command.ExecuteNonQueryAsync();
        }
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
            var both = new Completion((connection, _) => fixture.AcknowledgeAsync(connection, jobs.Select(job => Outcome(job, JobState.Completed))));
            return both.Steps(session, default, commits: true);
        }
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
            committed += ended.Count(step => step.Name == "commit");
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

    static Acknowledgement Outcome(ClaimedJob job, JobState state) => new(job.Id, job.Run, job.Node, state);

    sealed record Order(BatchRef Batch, string Trace, string Wrong)
    {
        public bool SomebodyWaited => Trace.Contains("waits", StringComparison.Ordinal);
    }
}
