using Jobs.Queues;
using Jobs.Store;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Jobs.Maintenance;

/// <summary>Compares the counters of batches that nothing has changed for a while with their rows, and repairs them.</summary>
/// <remarks>
/// Every statement that changes a member changes the counters, so they differ only if somebody has changed rows with SQL of his own, such as
/// deleted members that had not ended. A batch that waits for those would wait for ever.
/// </remarks>
sealed class BatchAuditor(JobStore store, QueueSignals signals, IOptions<JobsOptions> options, TimeProvider time, ILogger<BatchAuditor> logger)
    : MaintenanceLoop(nameof(BatchAuditor), Seldom(options.Value.PollInterval), chunk: 20, time, logger)
{
    /// <summary>How long nothing has changed a batch that is looked at, and how long it is left alone afterwards.</summary>
    public static readonly TimeSpan Quiet = TimeSpan.FromMinutes(1);
    public static readonly TimeSpan Again = TimeSpan.FromMinutes(10);

    public override async Task RunOnceAsync(Action beforeChunk, CancellationToken leading)
    {
        beforeChunk();
        foreach (var key in await store.FindStalledBatchesAsync(Quiet, Again, Chunk, leading).ConfigureAwait(false))
        {
            beforeChunk();
            if (await store.CheckBatchAsync(key, leading).ConfigureAwait(false) is not { Drift: not 0 } check)
                continue;
            signals.Wake(check.Queues);
            Log.BatchRepaired(logger, check.Id, check.Counted, check.Found);
        }
    }
}
