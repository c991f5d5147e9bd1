using Jobs.Store;
using Microsoft.Extensions.Logging;

namespace Jobs.Queues;

/// <summary>Hears from other nodes which queues have work, and when to look. Reconnects for ever; polling is behind it.</summary>
sealed class Listener(JobStore store, QueueSignals signals, ControlSignal control, ILogger<Listener> logger)
{
    public async Task RunAsync(Pulse pulse, CancellationToken stopping)
    {
        for (var failures = 0; !stopping.IsCancellationRequested;)
        {
            try
            {
                await store.ListenAsync(signals.WakeHere, control.TellHere, Alive, stopping).ConfigureAwait(false);
            }
            catch (Exception exception) when (!stopping.IsCancellationRequested)
            {
                // Once for each outage: the node works on, by polling.
                if (++failures == 1)
                    Log.ListenFailed(logger, exception);
                pulse.Expect(Backoff.Longest * 2 + ConnectsWithin);
                await Task.Delay(Backoff.AfterError(failures), stopping).ConfigureAwait(false);
            }

            void Alive(TimeSpan nextWithin, bool isNew)
            {
                pulse.Expect(nextWithin);
                if (!isNew)
                    return;

                // What was notified while nobody listened is lost.
                signals.WakeAllHere();
                control.TellHere();
                if (failures > 0)
                    Log.ListensAgain(logger, failures);
                failures = 0;
            }
        }
    }

    static readonly TimeSpan ConnectsWithin = TimeSpan.FromMinutes(1);
}
