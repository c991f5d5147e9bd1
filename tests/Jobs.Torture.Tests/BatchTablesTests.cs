using Jobs.Testing.Database;
using Jobs.Torture.Checking;
using Jobs.Torture.Scenarios;
using Jobs.Torture.Work;
using Microsoft.Extensions.DependencyInjection;

namespace Jobs.Torture.Tests;

/// <summary>What the checker of batches reads, it reads from tables: here they are those of a database.</summary>
public sealed class BatchTablesTests
{
    [Fact]
    public async Task Failures_ends_moves_and_deletions_are_noted_with_the_batch_and_the_state_and_a_successful_end_is_not()
    {
        await using var database = await TestDatabase.CreateAsync(TestContext.Current.CancellationToken);
        await using var observer = new Observer(database.ConnectionString);
        using var host = await Run.StartClientAsync(database.ConnectionString, TestContext.Current.CancellationToken);
        await BatchTables.WatchAsync(observer, TestContext.Current.CancellationToken);
        var client = host.Services.GetRequiredService<JobClient>();
        await client.EnqueueBatchAsync("b", Enumerable.Range(0, 5).Select(static i => BatchesWorker.New(new Member(i, Fate.Complete, 1, 0))), cancellationToken: TestContext.Current.CancellationToken);
        var ids = (await client.ListAsync(new JobFilter { Batch = "b" }, order: JobOrder.OldestFirst, cancellationToken: TestContext.Current.CancellationToken)).Jobs.Select(static job => job.Id).ToList();

        await client.CancelAsync(ids[0], TestContext.Current.CancellationToken);
        await client.DeleteAsync(ids[1], TestContext.Current.CancellationToken);
        await SetAsync(ids[2], "state = 'retryable'");
        await SetAsync(ids[3], "state = 'completed', finished_at = now()");
        await SetAsync(ids[4], "state = 'discarded', finished_at = now()");
        await SetAsync(ids[4], "batch = 7");
        var tables = await BatchTables.TakeAsync(observer.DataSource, TestContext.Current.CancellationToken);

        var key = Assert.Single(tables.Batches).Key;
        Assert.Equal(
            [
                (ids[0], 0, key, "cancelled", "cancelled"), (ids[1], 1, key, "deleted", "available"), (ids[2], 2, key, "retryable", "retryable"),
                (ids[4], 4, key, "discarded", "discarded"), (ids[4], 4, key, "moved", "discarded"),
            ],
            tables.Events.Select(static happened => (happened.Job, happened.Number, happened.Batch, happened.What, happened.State)));
        Assert.Equal(
            [(0, "cancelled", key), (2, "retryable", key), (3, "completed", key), (4, "discarded", 7)],
            tables.Members.OrderBy(static member => member.Number).Select(static member => (member.Number, member.State, member.Batch)));
        Assert.Equal("cancelled", Assert.Single(tables.Callbacks).Kind);

        // The end that nobody counted, and the batch that is not there.
        Assert.Equal(4, BatchInvariants.FindBroken(tables).Count);

        Task<int> SetAsync(long id, string what) => observer.ExecuteAsync($"UPDATE jobs.jobs SET {what} WHERE id = {id}", [], TestContext.Current.CancellationToken);
    }
}
