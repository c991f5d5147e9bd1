using Jobs.Queues;
using Microsoft.Extensions.Logging;

namespace Jobs.Maintenance;

/// <summary>The skeleton of the duties that the leader does for all nodes: a timer, one statement, one log line. It outlives every error.</summary>
abstract class MaintenanceLoop(string name, TimeSpan interval, TimeProvider time, ILogger logger)
{
    // A turn of many chunks shows a sign of life before each.
    static readonly TimeSpan LongestChunk = TimeSpan.FromMinutes(1);

    public string Name => name;

    public async Task RunAsync(Pulse pulse, CancellationToken leading)
    {
        for (var failures = 0; !leading.IsCancellationRequested;)
        {
            var wait = interval;
            try
            {
                await RunOnceAsync(() => pulse.Expect(LongestChunk), leading).ConfigureAwait(false);
                failures = 0;
            }
            catch (Exception exception) when (!leading.IsCancellationRequested)
            {
                wait = Backoff.AfterError(++failures);
                Log.MaintenanceFailed(logger, exception, name);
            }

            pulse.Expect(wait + LongestChunk);
            await Task.Delay(wait, time, leading).ConfigureAwait(false);
        }
    }

    /// <summary>One turn, in chunks.</summary>
    /// <param name="beforeChunk">To be called before each statement.</param>
    /// <param name="leading">Ends the turn: this node does not lead any more.</param>
    public abstract Task RunOnceAsync(Action beforeChunk, CancellationToken leading);
}
