using Jobs.Generated;
using Jobs.Maintenance;
using Jobs.Nodes;
using Jobs.Store;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Jobs.Queues;

/// <summary>Looks, for all queues of this node at once, for jobs to claim, for running jobs to cancel, and for what is said of the queues.</summary>
/// <remarks>One statement for each poll interval, however many queues there are. A queue that finds nothing to claim waits to be woken.</remarks>
sealed class Poller(
    JobStore store, WorkerRegistry workers, Node node, WorkedQueues worked, HeldJobs held, QueueSignals signals, ControlSignal control, Quarantine quarantine, BatchSweeper batches,
    IOptions<JobsOptions> options, TimeProvider time, ILogger<Poller> logger)
{
    // Who cancels thousands of jobs one by one asks for as many looks.
    static readonly TimeSpan Spacing = TimeSpan.FromMilliseconds(50);
    static readonly TimeSpan LooksWithin = TimeSpan.FromMinutes(1);

    /// <summary>Looks until <paramref name="stopping"/>, for the first time after a poll interval.</summary>
    public async Task RunAsync(Pulse pulse, CancellationToken stopping)
    {
        var wait = Jitter.Around(options.Value.PollInterval);
        for (var failures = 0; !stopping.IsCancellationRequested;)
        {
            pulse.Expect(wait + LooksWithin);
            if (await control.WaitAsync(wait, stopping).ConfigureAwait(false))
                await Task.Delay(Jitter.Around(Spacing), time, stopping).ConfigureAwait(false);

            wait = Jitter.Around(options.Value.PollInterval);
            try
            {
                pulse.Expect(LooksWithin);
                await LookAsync(stopping).ConfigureAwait(false);
                failures = 0;
            }
            catch (Exception exception) when (!stopping.IsCancellationRequested)
            {
                wait = Backoff.AfterError(++failures);
                Log.PollFailed(logger, exception);
            }
        }
    }

    /// <summary>Looks once, and tells those concerned.</summary>
    public async Task LookAsync(CancellationToken stopping)
    {
        var lease = await node.LeaseAsync(stopping).ConfigureAwait(false);
        var queues = worked.All;
        var found = await store.PollAsync(
            [.. queues.Select(queue => queue.Name)], workers.Names, lease.Id, options.Value.NodeName, stopping).ConfigureAwait(false);
        foreach (var (id, run) in found.Cancelled)
            held.Cancel(id, run);
        foreach (var (queue, polled) in queues.Zip(found.Queues))
        {
            await queue.FollowAsync(polled.Rule).ConfigureAwait(false);
            if (polled.HasWork && queue.IsRunning)
                signals.WakeHere(queue.Name);
        }

        if (found.SuspectsWait)
            quarantine.Suspect();
        if (found.BatchesWait)
            batches.Sweep();
    }
}
