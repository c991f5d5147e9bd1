using Jobs.Queues;
using Jobs.Store;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Jobs.Maintenance;

/// <summary>Makes scheduled and retryable jobs available when they are due, by the database's clock.</summary>
sealed class Stager(JobStore store, QueueSignals signals, IOptions<JobsOptions> options, TimeProvider time, ILogger<Stager> logger)
    : MaintenanceLoop(nameof(Stager), Often(options.Value.PollInterval), chunk: 2_000, time, logger)
{
    public override async Task RunOnceAsync(Action beforeChunk, CancellationToken leading)
    {
        var staged = new StageResult(Chunk, [], WalkMark.Start);
        while (staged.Count == Chunk)
        {
            beforeChunk();
            staged = await store.StageAsync(staged.Last, Chunk, leading).ConfigureAwait(false);
            signals.Wake(staged.Queues);
            if (staged.Count > 0)
                Log.JobsStaged(logger, staged.Count);
        }
    }

    // With what a turn and a claim take, a job starts within the whole interval of its time.
    static TimeSpan Often(TimeSpan pollInterval) => pollInterval * 0.8;
}
