using Jobs.Queues;
using Jobs.Store;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Jobs.Maintenance;

/// <summary>Ends the members of cancelled batches, seals batches whose builders died, and counts closed batches in those that they are in.</summary>
/// <remarks>Each node's poll finds whether there is something to do, so the leader asks for it only then.</remarks>
sealed class BatchSweeper(
    JobStore store, QueueSignals signals, ControlSignal control, IOptions<JobsOptions> options, TimeProvider time, ILogger<BatchSweeper> logger)
    : MaintenanceLoop(nameof(BatchSweeper), Seldom(options.Value.PollInterval), chunk: 1_000, time, logger)
{
    const int BatchesOfATurn = 100;

    // Those that wait and those that execute: a statement that had both would hold a running member while it waits for the batch, which that member
    // may hold in a transaction of its own. Those that execute are marked first: one that nobody has marked yet, since who cancelled the batch died
    // before he came to it, may fail at any time, and then waits. What was claimed in between is among the last.
    internal static readonly IReadOnlyList<IReadOnlyCollection<JobState>> Passes =
        [[JobState.Executing], [JobState.Scheduled, JobState.Available, JobState.Retryable], [JobState.Executing]];

    readonly SemaphoreSlim _found = new(0);

    /// <summary>There is something to do. Nothing happens unless this node leads.</summary>
    public void Sweep()
    {
        // One permit is as good as many: a turn ends only when nothing is left.
        if (_found.CurrentCount == 0)
            _found.Release();
    }

    protected override Task WaitAsync(TimeSpan wait, CancellationToken leading) => _found.WaitAsync(wait, leading);

    public override async Task RunOnceAsync(Action beforeChunk, CancellationToken leading)
    {
        BatchWork work;
        do
        {
            beforeChunk();
            work = await store.FindBatchWorkAsync(BatchesOfATurn, leading).ConfigureAwait(false);
            foreach (var (key, id) in work.Cancelled)
                await CancelMembersAsync(key, id, beforeChunk, leading).ConfigureAwait(false);
            foreach (var key in work.Expired)
                signals.Wake(await store.ExpireBatchAsync(key, leading).ConfigureAwait(false) ?? []);
            signals.Wake(await store.CountChildrenAsync(work.Uncounted, leading).ConfigureAwait(false));
        }
        while (!work.IsNone);
    }

    async Task CancelMembersAsync(long key, string id, Action beforeChunk, CancellationToken leading)
    {
        signals.Wake(await store.BeginBatchSweepAsync(key, leading).ConfigureAwait(false));
        var (waiting, running) = (0L, 0L);
        foreach (var states in Passes)
        {
            var cancelled = await CancelAllAsync(new JobFilter { Batch = id, States = states }, beforeChunk, leading).ConfigureAwait(false);
            if (states.Contains(JobState.Executing))
                running += cancelled;
            else
                waiting += cancelled;
        }

        if (running > 0)
            control.Tell();
        await store.EndBatchSweepAsync(key, leading).ConfigureAwait(false);
        Log.BatchCancelled(logger, id, waiting, running);
    }

    async Task<long> CancelAllAsync(JobFilter filter, Action beforeChunk, CancellationToken leading)
    {
        var cancelled = 0L;
        for (var after = long.MinValue; ;)
        {
            beforeChunk();
            var limit = Chunk;
            var result = await store.CancelAsync(new JobSelection(filter, after, limit), leading).ConfigureAwait(false);
            signals.Wake(result.Queues);
            cancelled += result.Jobs.Count(static job => job.IsChanged);
            if (result.Jobs.Count < limit)
                return cancelled;
            after = result.Jobs[^1].Id;
        }
    }
}
