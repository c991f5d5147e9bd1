using System.Data;
using Jobs.Runtime.Tests.Conformance;
using Jobs.Store;
using Jobs.Testing.Database;
using Npgsql;

namespace Jobs.Runtime.Tests.Behaviour;

/// <summary>Where the transactions of a role or a database are not READ COMMITTED unless they say so.</summary>
public sealed class IsolationLevelTests
{
    /// <summary>Refuses every statement that changes a table of ours at another level, whether or not anybody is in its way.</summary>
    public const string RefuseOtherLevels = """
        CREATE FUNCTION jobs.refuse_other_levels() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
            IF current_setting('transaction_isolation') <> 'read committed' THEN
                RAISE EXCEPTION '% of % at the level %', TG_OP, TG_TABLE_NAME, current_setting('transaction_isolation');
            END IF;
            RETURN NULL;
        END $$;
        DO $$ DECLARE name text; BEGIN
            FOR name IN SELECT tablename FROM pg_tables WHERE schemaname = 'jobs' LOOP
                EXECUTE 'CREATE TRIGGER refuse_other_levels BEFORE INSERT OR UPDATE OR DELETE ON jobs.' || name || ' FOR EACH STATEMENT EXECUTE FUNCTION jobs.refuse_other_levels()';
            END LOOP;
        END $$;
        """;

    public static TheoryData<string> OtherLevels => ["repeatable read", "serializable"];

    [Theory, MemberData(nameof(OtherLevels))]
    public async Task Every_statement_of_a_store_is_read_committed_all_the_same(string level)
    {
        await using var harness = await PostgresHarness.StartAsync($"default_transaction_isolation = '{level}'");
        Assert.Equal(level, await harness.ScalarAsync("SELECT current_setting('transaction_isolation')"));
        await harness.ScalarAsync(RefuseOtherLevels);
        await Assert.ThrowsAsync<PostgresException>(() => harness.ScalarAsync("DELETE FROM jobs.nodes"));
        var node = await harness.RegisterNodeAsync();
        await harness.EnqueueAsync();
        var job = await harness.ClaimOneAsync(node);

        // One that fails leaves no transaction behind for those that come next.
        var refused = StoreHarness.Outcome(job, JobState.Completed) with { Output = new StoredOutput("{", IsOfLastAttempt: false, default) };
        await Assert.ThrowsAsync<JobStoreException>(() => harness.Store.AcknowledgeAsync([refused], TestContext.Current.CancellationToken));
        Assert.True(await harness.AcknowledgeAsync(job, JobState.Completed));
        for (var round = 0; round < 3; round++)
            await EveryVerb.UseAsync(harness, node, round);
    }

    [Theory, MemberData(nameof(OtherLevels))]
    public async Task Nodes_that_change_the_same_batches_are_never_told_to_try_again(string level)
    {
        const int Many = 2_000;
        await using var database = await TestDatabase.CreateAsync(TestContext.Current.CancellationToken);
        await database.SetAsync($"default_transaction_isolation = '{level}'", TestContext.Current.CancellationToken);
        await using var first = await TestHost.StartOnAsync(database);
        await using var second = await TestHost.StartOnAsync(database);

        await first.Client.EnqueueBatchAsync("b", Enumerable.Range(0, Many).Select(i => Greeter.New(new Greeting($"{i}"))), cancellationToken: TestContext.Current.CancellationToken);
        var keyed = await Task.WhenAll(Enumerable.Range(0, 200).Select(i =>
            (i % 2 == 0 ? first : second).Client.EnqueueAsync(Greeter.New(new Greeting("keyed")) with { Key = $"{i / 10}" }, TestContext.Current.CancellationToken)));

        await first.UntilAsync<long>("SELECT count(*) FROM jobs.jobs WHERE state <> 'completed'", static left => left == 0);
        Assert.Equal(20, keyed.Count(static job => job.IsNew));
        Assert.Contains($"b: {Many} completed, 0 cancelled, 0 discarded of {Many}", first.Script.Events.Concat(second.Script.Events));
        Assert.Equal(Many + 21, await first.ScalarAsync<long>("SELECT count(*) FROM jobs.jobs WHERE run = 1"));
        Assert.Equal([], first.Logs.Lines.Concat(second.Logs.Lines).Where(static line =>
            line.StartsWith("Warning", StringComparison.Ordinal) || line.StartsWith("Error", StringComparison.Ordinal)));
    }

    // Who asks for another level has reasons, and knows what to do when he is told to try again.
    [Theory]
    [InlineData(IsolationLevel.RepeatableRead)]
    [InlineData(IsolationLevel.Serializable)]
    public async Task A_transaction_of_the_callers_keeps_its_level_and_the_caller_is_told_to_try_again(IsolationLevel level)
    {
        await using var harness = await PostgresHarness.StartAsync();
        var job = StoreHarness.NewJob() with { Key = "one" };
        await using var connection = new NpgsqlConnection(harness.ConnectionString);
        await connection.OpenAsync(TestContext.Current.CancellationToken);
        long winner;
        await using (var transaction = await connection.BeginTransactionAsync(level, TestContext.Current.CancellationToken))
        {
            await using (var look = new NpgsqlCommand("SELECT count(*) FROM jobs.jobs", connection))
                await look.ExecuteScalarAsync(TestContext.Current.CancellationToken);
            winner = await harness.EnqueueAsync(job);

            var refused = await Assert.ThrowsAsync<PostgresException>(() => harness.Store.EnqueueAsync(job, new EnqueueTerms(transaction, null, []), TestContext.Current.CancellationToken));

            Assert.Equal(PostgresErrorCodes.SerializationFailure, refused.SqlState);
        }

        await using var again = await connection.BeginTransactionAsync(level, TestContext.Current.CancellationToken);
        var met = await harness.Store.EnqueueAsync(job, new EnqueueTerms(again, null, []), TestContext.Current.CancellationToken);
        await again.CommitAsync(TestContext.Current.CancellationToken);
        Assert.Equal(new EnqueuedJob(winner, IsNew: false), met);
    }
}
