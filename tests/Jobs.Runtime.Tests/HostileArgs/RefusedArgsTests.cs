using Jobs.Runtime.Tests.Conformance;
using Jobs.Store;
using Npgsql;

namespace Jobs.Runtime.Tests.HostileArgs;

/// <summary>Args that only PostgreSQL finds at fault: a converter of the user's own may write anything.</summary>
public sealed class RefusedArgsTests
{
    const string Canary = "canary-ada@example.com";

    static readonly CancellationToken None = CancellationToken.None;

    [Theory]
    [InlineData("\"\\u0000\"", "22P05")]
    [InlineData("\"\\ud800\"", "22P02")]
    public async Task The_job_is_named_its_args_are_not_and_nothing_is_stored(string value, string sqlState)
    {
        await using var harness = await PostgresHarness.StartAsync();
        var bad = Raw($$"""{"text": "{{Canary}}", "more": {{value}}}""");

        foreach (var (place, count) in new[] { (1, 1), (17, 40), (1, 60), (60, 60), (2_345, 4_500) })
        {
            var jobs = Enumerable.Range(1, count).Select(i => i == place ? bad : StoreHarness.NewJob()).ToList();
            var refused = await Assert.ThrowsAsync<InvalidArgsException>(() => harness.Store.EnqueueAsync(jobs.ToAsyncEnumerable(), EnqueueTerms.Alone, None));
            AssertNames(refused, place, sqlState, "Nothing was stored.");
            refused = await Assert.ThrowsAsync<InvalidArgsException>(() => harness.Store.EnqueueBatchAsync("b", jobs.ToAsyncEnumerable(), () => null, EnqueueTerms.Alone, None));
            AssertNames(refused, place, sqlState, "Nothing was stored.");
        }

        AssertNames(await Assert.ThrowsAsync<InvalidArgsException>(() => harness.Store.EnqueueAsync(bad, EnqueueTerms.Alone, None)), 1, sqlState, "Nothing was stored.");
        Assert.Equal(0, await harness.CountJobsAsync());
        Assert.Null(await harness.Store.FindBatchAsync("b", None));
    }

    [Fact]
    public async Task The_callers_transaction_goes_on_after_many_and_can_only_be_rolled_back_after_one_as_the_message_says()
    {
        await using var harness = await PostgresHarness.StartAsync();
        var bad = Raw("""{"text": "\u0000"}""");
        await using var connection = new NpgsqlConnection(harness.ConnectionString);
        await connection.OpenAsync(TestContext.Current.CancellationToken);

        await using (var transaction = await connection.BeginTransactionAsync(TestContext.Current.CancellationToken))
        {
            var terms = new EnqueueTerms(transaction, null, []);
            await harness.Store.EnqueueAsync(StoreHarness.NewJob("kept"), terms, None);
            var refused = await Assert.ThrowsAsync<InvalidArgsException>(() => harness.Store.EnqueueAsync(new[] { StoreHarness.NewJob(), bad }.ToAsyncEnumerable(), terms, None));
            AssertNames(refused, 2, "22P05", "Nothing was stored, and the transaction is as it was before the call.");
            await transaction.CommitAsync(TestContext.Current.CancellationToken);
        }

        await using (var transaction = await connection.BeginTransactionAsync(TestContext.Current.CancellationToken))
        {
            var refused = await Assert.ThrowsAsync<InvalidArgsException>(() => harness.Store.EnqueueAsync(bad, new EnqueueTerms(transaction, null, []), None));
            AssertNames(refused, 1, "22P05", "Nothing was stored, and the transaction can only be rolled back now.");
            await using var after = new NpgsqlCommand("SELECT 1", connection);
            var aborted = await Assert.ThrowsAsync<PostgresException>(() => after.ExecuteScalarAsync(TestContext.Current.CancellationToken));
            Assert.Equal(PostgresErrorCodes.InFailedSqlTransaction, aborted.SqlState);
            await transaction.RollbackAsync(TestContext.Current.CancellationToken);
        }

        Assert.Equal(1, await harness.CountJobsAsync());
    }

    [Fact]
    public async Task What_PostgreSQL_refuses_for_another_reason_is_not_laid_on_the_args()
    {
        await using var harness = await PostgresHarness.StartAsync();
        await harness.ScalarAsync("ALTER TABLE jobs.jobs ADD CHECK (1 / (CASE queue WHEN 'zero' THEN 0 ELSE 1 END) = 1)");

        var refused = await Assert.ThrowsAsync<PostgresException>(() => harness.EnqueueAsync(StoreHarness.NewJob() with { Queue = "zero" }));

        Assert.Equal(PostgresErrorCodes.DivisionByZero, refused.SqlState);
    }

    static void AssertNames(InvalidArgsException refused, int place, string sqlState, string whatBecame)
    {
        Assert.StartsWith($"Job {place} of the call (Mailer) has args that PostgreSQL cannot store: ", refused.Message, StringComparison.Ordinal);
        Assert.EndsWith($"({sqlState}). {whatBecame}", refused.Message, StringComparison.Ordinal);
        Assert.DoesNotContain(Canary, refused.ToString(), StringComparison.Ordinal);
    }

    static NewJob Raw(string json) => Jobs.NewJob.Create(StoreHarness.Mailer, json, static (writer, raw) => writer.WriteRawValue(raw));
}
