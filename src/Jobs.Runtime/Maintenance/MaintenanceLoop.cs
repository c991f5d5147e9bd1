using Jobs.Queues;
using Microsoft.Extensions.Logging;

namespace Jobs.Maintenance;

/// <summary>The skeleton of the duties that every node shares: a timer, one statement, one log line. It outlives every error.</summary>
abstract class MaintenanceLoop(TimeSpan interval, TimeProvider time, ILogger logger)
{
    public async Task RunAsync(CancellationToken stopping)
    {
        var failures = 0;
        while (!stopping.IsCancellationRequested)
        {
            try
            {
                await RunOnceAsync(stopping).ConfigureAwait(false);
                failures = 0;
            }
            catch (Exception exception) when (!stopping.IsCancellationRequested)
            {
                failures++;
                Log.MaintenanceFailed(logger, exception, GetType().Name);
            }

            await Task.Delay(failures == 0 ? interval : Backoff.AfterError(failures), time, stopping).ConfigureAwait(false);
        }
    }

    public abstract Task RunOnceAsync(CancellationToken cancellationToken);
}
