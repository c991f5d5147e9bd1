using Jobs.Store;
using Npgsql;

namespace Jobs.Runtime.Tests.Conformance;

/// <summary>Each verb of a store, used once: what holds for all statements is tried with it.</summary>
static class EveryVerb
{
    /// <summary>Uses them, for a node that is registered and finds nothing to claim from before.</summary>
    /// <param name="harness">The store.</param>
    /// <param name="node">The node.</param>
    /// <param name="round">Another one each time.</param>
    public static async Task UseAsync(PostgresHarness harness, Guid node, int round)
    {
        var (store, cancellationToken) = (harness.Store, TestContext.Current.CancellationToken);
        await harness.EnqueueAsync();
        await store.EnqueueStartedAsync(StoreHarness.NewJob() with { Queue = "started" }, node, cancellationToken);
        await harness.EnqueueBatchAsync($"{round}", 2);
        await EnqueueUniqueAsync(harness, cancellationToken);
        await EnqueueInTransactionAsync(harness, cancellationToken);
        await store.PollAsync(["mail"], StoreHarness.Known, node, "node", cancellationToken);
        var claimed = await harness.ClaimAsync(node);
        Assert.Equal(4, claimed.Count);
        await store.ReadArgsAsync(claimed[0], cancellationToken);
        await store.RenewNodeAsync(node, TimeSpan.FromMinutes(1), [new(claimed[0].Id, claimed[0].Run, new JobProgress(1, 2, null))], cancellationToken);
        foreach (var job in claimed.Skip(1))
            Assert.True(await harness.AcknowledgeAsync(job, JobState.Completed));
        await store.CompleteAsync(StoreHarness.Outcome(claimed[0], JobState.Completed), static (_, _) => Task.CompletedTask, cancellationToken);
        await store.FindBatchAsync($"{round}", cancellationToken);
        await store.FindEndedAsync([.. claimed.Select(job => job.Id)], cancellationToken);
        await store.GiveBackUnknownAsync("mail", node, [], cancellationToken);
        await store.ClaimSuspectAsync(["mail"], StoreHarness.Known, node, cancellationToken);
        await store.StageAsync(100, cancellationToken);
        await store.RescueAsync(100, cancellationToken);
        await store.FindStrandedAsync(cancellationToken);
        await store.ElectAsync(node, TimeSpan.FromMinutes(1), cancellationToken);
        await store.SetQueueStateAsync("mail", null, QueueState.Running, cancellationToken);
        await store.ScaleQueueAsync("mail", null, 5, cancellationToken);
        await store.GetQueuesAsync(cancellationToken);
        await store.SweepQueueSettingsAsync(TimeSpan.Zero, cancellationToken);
        await store.NotifyAsync(["mail"], cancellationToken);
        await store.NotifyControlAsync(cancellationToken);
        await store.CountQueuesAsync(100, cancellationToken);
        await store.CountAsync(JobFilter.All, 100, cancellationToken);
        await store.ListAsync(JobFilter.All, 100, null, JobOrder.OldestFirst, cancellationToken);
        await store.EditAsync(new JobSelection(JobFilter.All, 0, 100), new JobEdit { Priority = 1 }, cancellationToken);
        await store.CancelAsync(new JobSelection(JobFilter.All, 0, 100), cancellationToken);
        await store.RetryAsync(new JobSelection(JobFilter.All, 0, 100), cancellationToken);
        await store.DeleteAsync(new JobSelection(JobFilter.All, 0, 100), cancellationToken);
        await store.PruneAsync(new PruneRule(JobState.Completed, TimeSpan.Zero, [], [], [], [], AndTheRest: true), WalkMark.Start, 100, cancellationToken);
        await store.PruneBatchesAsync(TimeSpan.Zero, WalkMark.Start, 100, cancellationToken);
        await store.SweepKeysAsync(Guid.Empty, 100, cancellationToken);
        await store.ResignAsync(node, cancellationToken);
        await store.RemoveNodeAsync(await harness.RegisterNodeAsync(), cancellationToken);
    }

    static async Task EnqueueUniqueAsync(PostgresHarness harness, CancellationToken cancellationToken)
    {
        foreach (var terms in new[] { new Uniqueness(), new Uniqueness { OnConflict = UniqueConflict.Replace } })
        {
            for (var i = 0; i < 2; i++)
            {
                await harness.EnqueueAsync(Job("one", terms));
                await harness.Store.EnqueueAsync(Enumerable.Range(0, 60).Select(i => Job($"{i}", terms)).ToAsyncEnumerable(), EnqueueTerms.Alone, cancellationToken);
            }
        }

        static NewJob Job(string text, Uniqueness terms) => StoreHarness.UniqueJob(text, terms) with { Queue = "unique" };
    }

    static async Task EnqueueInTransactionAsync(PostgresHarness harness, CancellationToken cancellationToken)
    {
        await using var connection = new NpgsqlConnection(harness.ConnectionString);
        await connection.OpenAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(System.Data.IsolationLevel.ReadCommitted, cancellationToken);
        await harness.Store.EnqueueAsync(StoreHarness.NewJob(), new EnqueueTerms(transaction, null, ["mail"]), cancellationToken);
        await transaction.CommitAsync(cancellationToken);
    }
}
