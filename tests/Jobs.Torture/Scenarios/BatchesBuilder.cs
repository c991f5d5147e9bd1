using System.Collections.Concurrent;
using Jobs.Torture.Checking;
using Jobs.Torture.Work;

namespace Jobs.Torture.Scenarios;

/// <summary>Stores the batches of a plan: as a whole, over several transactions, and in each other.</summary>
sealed class BatchesBuilder(JobClient client, Observer observer, BatchesProgress progress)
{
    const int Builders = 4;
    const int LargestBacklog = 60_000;

    /// <summary>Stores all, several at once, and no more than the nodes will have done soon.</summary>
    public Task StoreAllAsync(IReadOnlyList<PlannedBatch> batches, Action<PlannedBatch> stored, CancellationToken cancellationToken)
    {
        var left = new ConcurrentQueue<PlannedBatch>(batches);
        return Task.WhenAll(Enumerable.Range(0, Builders).Select(_ => Task.Run(StoreAsync, cancellationToken)));

        async Task StoreAsync()
        {
            while (left.TryDequeue(out var batch))
            {
                await progress.WaitForRoomAsync(LargestBacklog, cancellationToken);
                await this.StoreAsync(batch, parent: null, stored, cancellationToken);
            }
        }
    }

    async Task StoreAsync(PlannedBatch batch, string? parent, Action<PlannedBatch> stored, CancellationToken cancellationToken)
    {
        if (batch.Additions == 0)
            await client.EnqueueBatchAsync(batch.Id, batch.Members.Select(BatchesWorker.New), Describe, cancellationToken);
        else
            await BuildAsync(batch, Describe, stored, cancellationToken);
        progress.Stored(batch.Size);
        stored(batch);

        void Describe(BatchOptions options)
        {
            options.Parent = parent;
            if (batch.NamesListeners)
            {
                options.OnComplete<BatchesWorker>().OnSucceeded<BatchesWorker>().OnAttempted<BatchesWorker>()
                    .OnDiscarded<BatchesWorker>().OnCancelled<BatchesWorker>().OnRetryable<BatchesWorker>();
            }
        }
    }

    // Its members run while it is being built, and so do those of the batches in it.
    async Task BuildAsync(PlannedBatch batch, Action<BatchOptions> describe, Action<PlannedBatch> stored, CancellationToken cancellationToken)
    {
        await client.OpenBatchAsync(batch.Id, describe, cancellationToken);
        var parts = batch.Members.Chunk(Math.Max(1, (batch.Size + batch.Additions - 1) / batch.Additions)).ToList();
        for (var i = 0; i < Math.Max(parts.Count, batch.Children.Count); i++)
        {
            if (i < parts.Count)
                await AddAsync(batch.Id, parts[i], isFirstTryUndone: i % 2 == 1, cancellationToken);
            if (i < batch.Children.Count)
                await StoreAsync(batch.Children[i], batch.Id, stored, cancellationToken);
        }

        await client.SealAsync(batch.Id, cancellationToken: cancellationToken);
    }

    async Task AddAsync(string batch, Member[] members, bool isFirstTryUndone, CancellationToken cancellationToken)
    {
        if (isFirstTryUndone)
        {
            await using var connection = await observer.DataSource.OpenConnectionAsync(cancellationToken);
            await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
            await client.AddAsync(batch, members.Select(BatchesWorker.New), options => options.Transaction = transaction, cancellationToken);
            await transaction.RollbackAsync(cancellationToken);
        }

        await client.AddAsync(batch, members.Select(BatchesWorker.New), cancellationToken: cancellationToken);
    }
}
