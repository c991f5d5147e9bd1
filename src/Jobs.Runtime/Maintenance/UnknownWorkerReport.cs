using Jobs.Store;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Jobs.Maintenance;

/// <summary>Warns, once per worker's name, of available jobs whose worker no living node knows. The jobs stay available.</summary>
sealed class UnknownWorkerReport(JobStore store, IOptions<JobsOptions> options, TimeProvider time, ILogger<UnknownWorkerReport> logger)
    : MaintenanceLoop(nameof(UnknownWorkerReport), options.Value.NodeLease / 3, time, logger)
{
    readonly HashSet<string> _reported = new(StringComparer.Ordinal);
    bool _started;

    public override async Task RunOnceAsync(Action beforeChunk, CancellationToken leading)
    {
        // Not at once: where all hosts start together, the one that knows the worker may be a second behind.
        if (!_started)
        {
            _started = true;
            return;
        }

        beforeChunk();
        foreach (var unknown in await store.FindUnknownWorkersAsync(leading).ConfigureAwait(false))
        {
            if (_reported.Add(unknown.Worker))
                Log.WorkerUnknown(logger, unknown.Worker, unknown.Queue, unknown.Count);
        }
    }
}
