using Jobs.Store;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Jobs.Maintenance;

/// <summary>Warns, once per queue and worker, of available jobs that no living node takes. The jobs stay available.</summary>
sealed class StrandedReport(JobStore store, IOptions<JobsOptions> options, TimeProvider time, ILogger<StrandedReport> logger)
    : MaintenanceLoop(nameof(StrandedReport), options.Value.NodeLease / 3, chunk: 0, time, logger)
{
    readonly HashSet<(string Queue, string Worker)> _reported = [];
    bool _started;

    public override async Task RunOnceAsync(Action beforeChunk, CancellationToken leading)
    {
        // Not at once: where all hosts start together, the one that takes the jobs may be a second behind.
        if (!_started)
        {
            _started = true;
            return;
        }

        beforeChunk();
        foreach (var stranded in await store.FindStrandedAsync(leading).ConfigureAwait(false))
        {
            if (_reported.Add((stranded.Queue, stranded.Worker)))
                Report(stranded);
        }
    }

    void Report(Stranded stranded)
    {
        if (stranded.IsWorkerKnown)
            Log.QueueUnworked(logger, stranded.Queue, stranded.Worker, stranded.Count);
        else
            Log.WorkerUnknown(logger, stranded.Worker, stranded.Queue, stranded.Count);
    }
}
