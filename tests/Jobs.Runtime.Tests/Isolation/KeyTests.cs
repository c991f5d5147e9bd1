using Jobs.Runtime.Tests.Conformance;
using Jobs.Store;
using Npgsql;

namespace Jobs.Runtime.Tests.Isolation;

/// <summary>Enqueues that want the same key, in transactions that commit or roll back, in every order.</summary>
/// <remarks>Who rolls back has wanted nothing. A way that is known to be wrong stands beside the store's: a check that it passes would be no check.</remarks>
public sealed class KeyTests(BatchFixture fixture) : IClassFixture<BatchFixture>
{
    const string Queue = "keys";

    // Oban's former way: who gets the lock and finds no job stores his own, and who does not get it leaves it to the other.
    const string ByAdvisoryLockSql = """
        INSERT INTO jobs.jobs (worker, queue, args)
        SELECT 'Mailer', 'keys', jsonb_build_object('text', $1)
        WHERE pg_try_advisory_xact_lock(hashtext($1)) AND NOT EXISTS (SELECT FROM jobs.jobs WHERE args ->> 'text' = $1)
        RETURNING id
        """;

    public enum Way
    {
        One,
        Many,
        ManyThatReplace,
    }

    static readonly bool[] Both = [true, false];

    public static TheoryData<Way, bool, bool> TwoOfEachWay =>
        [.. from way in Enum.GetValues<Way>() from first in Both from second in Both select (way, first, second)];

    [Theory, MemberData(nameof(TwoOfEachWay))]
    public async Task Of_two_that_want_a_key_one_that_commits_gets_it_in_every_order(Way way, bool firstCommits, bool secondCommits)
    {
        var results = new List<Result>();
        foreach (var order in Step.Orders(2, 2))
            results.Add(await RunAsync(order, Enqueue(way), firstCommits, secondCommits));

        Assert.Equal(6, results.Count);
        Assert.Contains(results, static result => result.Trace.Contains("waits", StringComparison.Ordinal));
        Assert.All(results, static result => Assert.Equal("", result.Wrong));
    }

    [Theory, MemberData(nameof(Endings.OfThree), MemberType = typeof(Endings))]
    public async Task Of_three_that_want_a_key_one_that_commits_gets_it_in_every_order(bool firstCommits, bool secondCommits, bool thirdCommits)
    {
        foreach (var order in Step.Orders(2, 2, 2))
            Assert.Equal("", (await RunAsync(order, Enqueue(Way.One), firstCommits, secondCommits, thirdCommits)).Wrong);
    }

    [Fact]
    public async Task The_check_catches_a_loser_that_has_given_way_to_one_who_rolls_back()
    {
        var wrong = 0;
        foreach (var order in Step.Orders(2, 2))
            wrong += (await RunAsync(order, ByAdvisoryLockAsync, false, true)).Wrong.Length > 0 ? 1 : 0;

        Assert.InRange(wrong, 1, 5);
    }

    /// <summary>Has sessions enqueue a job each, all with the same new key, and looks at what is left.</summary>
    async Task<Result> RunAsync(IReadOnlyList<int> order, Func<NpgsqlTransaction, string, Task<EnqueuedJob?>> enqueue, params bool[] commits)
    {
        var key = $"key {Guid.NewGuid()}";
        var answers = new EnqueuedJob?[commits.Length];
        var transactions = new NpgsqlTransaction[commits.Length];
        var sessions = commits.Select((commit, i) => (IReadOnlyList<Step>)
        [
            new($"{i + 1}", "enqueue", async connection =>
            {
                transactions[i] = await connection.BeginTransactionAsync();
                answers[i] = await enqueue(transactions[i], key);
            }),
            new($"{i + 1}", commit ? "commit" : "rollback", _ => commit ? transactions[i].CommitAsync() : transactions[i].RollbackAsync()),
        ]).ToList();

        var trace = await fixture.Tester.RunAsync(Step.Arrange(order, sessions));

        var stored = await StoredAsync(key);
        var heard = answers.Where((_, i) => commits[i]).ToList();
        var isRight = stored.Count == (heard.Count > 0 ? 1 : 0)
            && heard.TrueForAll(answer => answer?.Id == stored[0])
            && heard.Count(static answer => answer!.Value.IsNew) == stored.Count;
        return new Result(trace, isRight ? "" : $"{trace}: stored {string.Join(", ", stored)}, heard {string.Join(", ", heard)}");
    }

    Func<NpgsqlTransaction, string, Task<EnqueuedJob?>> Enqueue(Way way) => async (transaction, key) =>
    {
        var terms = new EnqueueTerms(transaction, null, []);
        var job = (way is Way.ManyThatReplace ? StoreHarness.UniqueJob(key, new Uniqueness { OnConflict = UniqueConflict.Replace }) : StoreHarness.NewJob(key) with { Key = key }) with { Queue = Queue };
        return way is Way.One
            ? await fixture.Store.EnqueueAsync(job, terms, CancellationToken.None)
            : (await fixture.Store.EnqueueAsync(new[] { job, StoreHarness.NewJob() with { Queue = Queue } }.ToAsyncEnumerable(), terms, CancellationToken.None))[0];
    };

    static async Task<EnqueuedJob?> ByAdvisoryLockAsync(NpgsqlTransaction transaction, string key)
    {
        await using var command = new NpgsqlCommand(ByAdvisoryLockSql, transaction.Connection);
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = key });
        return await command.ExecuteScalarAsync() is long id ? new EnqueuedJob(id, IsNew: true) : null;
    }

    async Task<IReadOnlyList<long>> StoredAsync(string key)
    {
        await using var command = fixture.DataSource.CreateCommand("SELECT coalesce(array_agg(id), '{}') FROM jobs.jobs WHERE args ->> 'text' = $1");
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = key });
        return (long[])(await command.ExecuteScalarAsync())!;
    }

    sealed record Result(string Trace, string Wrong);
}
