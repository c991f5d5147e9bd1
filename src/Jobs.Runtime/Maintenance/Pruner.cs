using Jobs.Store;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Jobs.Maintenance;

/// <summary>Deletes jobs and batches that ended longer ago than they are kept, and unique keys that nobody holds any more.</summary>
/// <remarks>
/// It walks along what has ended, the oldest first, and what it passed it does not read at each turn: that is kept for longer, or a member of a
/// batch that has not ended. Every twentieth turn begins anew, for the members whose batch has ended by then.
/// </remarks>
sealed class Pruner : MaintenanceLoop
{
    const int TurnsOfAWalk = 20;

    readonly JobStore _store;
    readonly ILogger _logger;
    readonly IReadOnlyList<PruneWalk> _jobs;
    readonly IReadOnlyList<PruneWalk> _batches;
    Guid _lastKey;
    int _turns;

    public Pruner(JobStore store, IOptions<JobsOptions> options, TimeProvider time, ILogger<Pruner> logger)
        : base(nameof(Pruner), Seldom(options.Value.PollInterval), chunk: 1_000, time, logger)
    {
        var retention = options.Value.Retention;
        _store = store;
        _logger = logger;
        _jobs = [.. PruneRules.Of(retention).Select(rule => new PruneWalk((after, limit, token) => store.PruneAsync(rule, after, limit, token), time))];
        _batches = retention.Batches is { } age && age != Timeout.InfiniteTimeSpan
            ? [new PruneWalk((after, limit, token) => store.PruneBatchesAsync(age, after, limit, token), time)]
            : [];
    }

    public override async Task RunOnceAsync(Action beforeChunk, CancellationToken leading)
    {
        if (_turns++ % TurnsOfAWalk == 0)
            BeginAnew();
        var jobs = await GoOnAsync(_jobs, beforeChunk, leading).ConfigureAwait(false);
        var batches = await GoOnAsync(_batches, beforeChunk, leading).ConfigureAwait(false);
        var keys = await SweepKeysAsync(beforeChunk, leading).ConfigureAwait(false);
        if (jobs + batches + keys > 0)
            Log.Pruned(_logger, jobs, batches, keys);
    }

    void BeginAnew()
    {
        foreach (var walk in _jobs.Concat(_batches))
            walk.BeginAnew();
    }

    async Task<long> GoOnAsync(IReadOnlyList<PruneWalk> walks, Action beforeChunk, CancellationToken leading)
    {
        long pruned = 0;
        foreach (var walk in walks)
            pruned += await walk.GoOnAsync(Chunk, beforeChunk, leading).ConfigureAwait(false);
        return pruned;
    }

    // One step each turn: it is for keys that their jobs did not free, and those are few.
    async Task<int> SweepKeysAsync(Action beforeChunk, CancellationToken leading)
    {
        beforeChunk();
        var limit = Chunk;
        var step = await _store.SweepKeysAsync(_lastKey, limit, leading).ConfigureAwait(false);
        _lastKey = step.Seen == limit ? step.Last : Guid.Empty;
        return step.Freed;
    }
}
