using Jobs.Generated;
using Jobs.Postgres;
using Jobs.Runtime.Tests.Behaviour;
using Jobs.Store;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Jobs.Runtime.Tests.Conformance;

/// <summary>The unique index behind the counters never has anything to do. If it ever had, somebody must hear of it.</summary>
public sealed class TripwireTests
{
    [Fact]
    public async Task Every_statement_that_counts_members_says_what_the_unique_index_kept_back()
    {
        await using var harness = await PostgresHarness.StartAsync();
        await using var database = new PostgresDatabase(new NpgsqlConnectionStringBuilder(harness.ConnectionString), new SchemaName("jobs"));
        var logs = new LogRecorder();
        using var logging = LoggerFactory.Create(builder => builder.AddProvider(logs));
        var store = new PostgresStore(database, logging.CreateLogger<PostgresStore>());
        var token = TestContext.Current.CancellationToken;
        await OpenAsync(store, "b", null, [StoreHarness.Listener(BatchCallbacks.Cancelled, StoreHarness.Mailer)]);
        await OpenAsync(store, "child", "b", []);
        await AddAsync(store, "b", 10);
        await AddAsync(store, "child", 1);
        var (living, dead, forgetful) = (await harness.RegisterNodeAsync(), await harness.RegisterNodeAsync(), await harness.RegisterNodeAsync());
        var claimed = await harness.ClaimAsync(living, 2);
        await harness.RequestCancelAsync((await harness.ClaimOneAsync(dead)).Id);
        await harness.RequestCancelAsync((await harness.ClaimOneAsync(forgetful)).Id);
        await harness.Store.RemoveNodeAsync(dead, token);
        await store.CancelAsync(JobSelection.One(await WaitingAsync("child")), token);

        var first = await WaitingAsync("b");
        await store.CancelAsync(JobSelection.One(first), token);
        Assert.Single(await harness.CallbacksAsync("b"));
        Assert.Empty(logs.Lines);

        await ForgottenAsync("acknowledge", async () => await store.AcknowledgeAsync([StoreHarness.Outcome(claimed[0], JobState.Cancelled)], token));
        await ForgottenAsync("complete", async () => await store.CompleteAsync(StoreHarness.Outcome(claimed[1], JobState.Completed), static (_, _) => Task.CompletedTask, token));
        await ForgottenAsync("cancel", async () => await store.CancelAsync(JobSelection.One(await WaitingAsync("b")), token));
        await ForgottenAsync("delete", async () => await store.DeleteAsync(JobSelection.One(await WaitingAsync("b")), token));
        await ForgottenAsync("retry", async () => await store.RetryAsync(JobSelection.One(first), token));
        await ForgottenAsync("rescue", async () => await store.RescueAsync(10, token));
        await ForgottenAsync("give back", async () => await store.GiveBackUnknownAsync("mail", forgetful, [], token));
        await ForgottenAsync("count in the parent", async () => await store.SealBatchAsync("child", EnqueueTerms.Alone, token));
        await harness.DeleteJobAsync(await WaitingAsync("b"));
        await ForgottenAsync("repair", async () => await store.CheckBatchAsync((long)(await harness.ScalarAsync("SELECT key FROM jobs.batches WHERE id = 'b'"))!, token));
        await ForgottenAsync("seal", async () => await store.SealBatchAsync("b", EnqueueTerms.Alone, token));
        Assert.Single(await harness.CallbacksAsync("b"));

        async Task<long> WaitingAsync(string batch) => (long)(await harness.ScalarAsync(
            $"SELECT min(id) FROM jobs.jobs WHERE state = 'available' AND batch = (SELECT key FROM jobs.batches WHERE id = '{batch}')"))!;

        // The batch forgets what it has told, and so tells it again with the next change.
        async Task ForgottenAsync(string change, Func<Task> make)
        {
            await harness.ScalarAsync("UPDATE jobs.batches SET told = 0");
            logs.Lines.Clear();

            await make();

            var line = Assert.Single(logs.Lines);
            Assert.True(line.StartsWith("Error: Something was to be told once more of batches that had told it: b.", StringComparison.Ordinal), $"{change}: {line}");
        }
    }

    static Task<BatchRef> OpenAsync(PostgresStore store, string id, string? parent, IReadOnlyList<BatchListener> listeners) => store.OpenBatchAsync(
        new NewBatch(id) { Parent = parent, OpenFor = TimeSpan.FromHours(1) }, listeners, EnqueueTerms.Alone, TestContext.Current.CancellationToken);

    static Task<BatchRef> AddAsync(PostgresStore store, string id, int members) => store.AddToBatchAsync(
        id, Enumerable.Range(0, members).Select(static _ => StoreHarness.NewJob()).ToAsyncEnumerable(), static () => [], EnqueueTerms.Alone, TestContext.Current.CancellationToken);
}
