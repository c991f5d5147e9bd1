using Jobs.Runtime.Tests.Behaviour;

namespace Jobs.Runtime.Tests.Cost;

/// <summary>What an enqueue asks of the server: its statements and commits, the notification among them.</summary>
[Collection("Cost")]
public sealed class EnqueueCostTests
{
    // The insert; and the notification of other nodes, apart.
    [Fact]
    public async Task One_job_is_one_statement_and_one_commit_besides_its_notification()
    {
        await using var database = await CountedDatabase.CreateAsync();

        var cost = await database.CostOfAsync(client => client.EnqueueAsync(Jobs(1).Single(), TestContext.Current.CancellationToken));

        Assert.True(cost is { Calls: 2, Commits: 2 }, $"{cost}");
        Assert.Equal(1, cost.CallsOf("INSERT INTO"));
    }

    // BEGIN and COMMIT come on top; a chunk has 2,000 jobs, takes their ids and copies them.
    [Theory]
    [InlineData(1, 4)]
    [InlineData(49, 4)]
    [InlineData(1_000, 5)]
    [InlineData(100_000, 103)]
    public async Task Many_jobs_are_one_commit_and_two_statements_for_each_two_thousand(int count, int statements)
    {
        await using var database = await CountedDatabase.CreateAsync();

        var cost = await database.CostOfAsync(client => client.EnqueueManyAsync(Jobs(count), TestContext.Current.CancellationToken));

        Assert.True(cost.Calls == statements && cost.Commits == 2, $"{cost}");
    }

    // The batch is opened, told its callback, and sealed.
    [Theory]
    [InlineData(1, 7)]
    [InlineData(1_000, 8)]
    [InlineData(100_000, 57)]
    public async Task A_batch_is_one_commit_and_one_statement_for_each_two_thousand_members(int count, int statements)
    {
        await using var database = await CountedDatabase.CreateAsync();

        var cost = await database.CostOfAsync(client =>
            client.EnqueueBatchAsync("batch", Jobs(count), cancellationToken: TestContext.Current.CancellationToken));

        Assert.True(cost.Calls == statements && cost.Commits == 2, $"{cost}");
    }

    // The statement that takes the key and inserts the job, and the one that says who holds it, in one round trip and one commit.
    [Fact]
    public async Task One_job_with_a_key_is_two_statements_and_one_commit()
    {
        await using var database = await CountedDatabase.CreateAsync();

        var cost = await database.CostOfAsync(client => client.EnqueueAsync(Jobs(1).Single() with { Key = "order-17" }, TestContext.Current.CancellationToken));

        Assert.True(cost is { Calls: 3, Commits: 2 }, $"{cost}");
        Assert.Equal(1, cost.CallsOf("unique_keys AS taken"));
    }

    // To the cost of jobs without comes a look at the keys of each chunk, and a statement that takes 5,000 of them.
    [Theory]
    [InlineData(1, 6)]
    [InlineData(1_000, 7)]
    [InlineData(100_000, 173)]
    public async Task Many_jobs_with_keys_are_one_commit_and_a_statement_more_for_each_two_thousand_and_each_five_thousand(int count, int statements)
    {
        await using var database = await CountedDatabase.CreateAsync();

        var cost = await database.CostOfAsync(client => client.EnqueueManyAsync(
            Jobs(count).Select(static (job, number) => job with { Key = $"{number}" }), TestContext.Current.CancellationToken));

        Assert.True(cost.Calls == statements && cost.Commits == 2, $"{cost}");
    }

    // Jobs that are there already cost a look at their keys, and no rows.
    [Fact]
    public async Task A_thousand_jobs_that_are_there_already_are_one_look_at_their_keys()
    {
        await using var database = await CountedDatabase.CreateAsync();
        var jobs = Jobs(1_000).Select(static (job, number) => job with { Key = $"{number}" }).ToList();
        await database.CostOfAsync(client => client.EnqueueManyAsync(jobs, TestContext.Current.CancellationToken));

        var cost = await database.CostOfAsync(client => client.EnqueueManyAsync(jobs, TestContext.Current.CancellationToken));

        Assert.True(cost is { Calls: 4, Commits: 2 }, $"{cost}");
        Assert.Equal(0, cost.CallsOf("COPY"));
    }

    static IEnumerable<NewJob> Jobs(int count) => Enumerable.Range(0, count).Select(number => Greeter.New(new Greeting($"{number}")));
}
