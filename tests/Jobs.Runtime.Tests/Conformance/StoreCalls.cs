using Jobs.Generated;
using Jobs.Store;

namespace Jobs.Runtime.Tests.Conformance;

/// <summary>Calls of a store in their most frequent form.</summary>
static class StoreCalls
{
    /// <summary>A batch of which one worker is told at the end, or none.</summary>
    public static Task<BatchRef> EnqueueBatchAsync(
        this JobStore store, string id, IAsyncEnumerable<NewJob> jobs, Func<WorkerDefinition?> callback, EnqueueTerms terms, CancellationToken cancellationToken) =>
        store.EnqueueBatchAsync(
            new NewBatch(id), jobs, () => callback() is { } worker ? [StoreHarness.Listener(BatchCallbacks.Complete, worker)] : [], terms, cancellationToken);
}
