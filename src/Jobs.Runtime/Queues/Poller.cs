using Jobs.Generated;
using Jobs.Nodes;
using Jobs.Store;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Jobs.Queues;

/// <summary>Looks, for all queues of this node at once, for what nobody told it: jobs to claim, and running jobs to cancel.</summary>
/// <remarks>One statement for each poll interval, however many queues there are. A queue that finds nothing to claim waits to be woken.</remarks>
sealed class Poller(
    JobStore store, WorkerRegistry workers, Node node, HeldJobs held, QueueSignals signals, ControlSignal control, Quarantine quarantine,
    IOptions<JobsOptions> options, TimeProvider time, ILogger<Poller> logger)
{
    // Who cancels thousands of jobs one by one asks for as many looks.
    static readonly TimeSpan Spacing = TimeSpan.FromMilliseconds(50);
    static readonly TimeSpan LooksWithin = TimeSpan.FromMinutes(1);

    readonly string[] _queues = [.. options.Value.Queues.Keys];

    /// <summary>Looks until <paramref name="stopping"/>.</summary>
    public async Task RunAsync(Pulse pulse, CancellationToken stopping)
    {
        for (var failures = 0; !stopping.IsCancellationRequested;)
        {
            var wait = Jitter.Around(options.Value.PollInterval);
            try
            {
                pulse.Rest();
                var lease = await node.LeaseAsync(stopping).ConfigureAwait(false);
                pulse.Expect(LooksWithin);
                Tell(await store.PollAsync(_queues, workers.Names, lease.Id, stopping).ConfigureAwait(false));
                failures = 0;
            }
            catch (Exception exception) when (!stopping.IsCancellationRequested)
            {
                wait = Backoff.AfterError(++failures);
                Log.PollFailed(logger, exception);
            }

            pulse.Expect(wait + LooksWithin);
            if (await control.WaitAsync(wait, stopping).ConfigureAwait(false))
                await Task.Delay(Jitter.Around(Spacing), time, stopping).ConfigureAwait(false);
        }
    }

    void Tell(PollResult found)
    {
        foreach (var (id, run) in found.Cancelled)
            held.Cancel(id, run);
        signals.WakeHere(found.QueuesWithWork);
        if (found.SuspectsWait)
            quarantine.Suspect();
    }
}
