using Jobs.Nodes;
using Jobs.Queues;
using Jobs.Store;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Jobs.Maintenance;

/// <summary>Frees the jobs of nodes that died: whose lease has run out, or whose row is gone. A living node's jobs are never touched.</summary>
sealed class Rescuer(JobStore store, Node node, QueueSignals signals, IOptions<JobsOptions> options, TimeProvider time, ILogger<Rescuer> logger)
    : MaintenanceLoop(nameof(Rescuer), Often(options.Value.NodeLease), chunk: 500, time, logger)
{
    public override async Task RunOnceAsync(Action beforeChunk, CancellationToken leading)
    {
        if (!node.Outage.IsOver)
            return;

        RescueResult rescued;
        do
        {
            beforeChunk();
            rescued = await store.RescueAsync(Chunk, leading).ConfigureAwait(false);
            signals.Wake(rescued.Queues);
            foreach (var name in rescued.DeadNodes)
                Log.NodeDied(logger, name);
            if (rescued.Count > 0)
                Log.JobsRescued(logger, rescued.Rescued, rescued.Discarded, rescued.Cancelled);
        }
        while (rescued.Count == Chunk);
    }

    static TimeSpan Often(TimeSpan lease) => lease / 3 < TimeSpan.FromSeconds(5) ? lease / 3 : TimeSpan.FromSeconds(5);
}
