using Jobs.Queues;
using Microsoft.Extensions.Logging;

namespace Jobs.Maintenance;

/// <summary>The skeleton of the duties that the leader does for all nodes: a timer, one statement, one log line. It outlives every error.</summary>
/// <param name="name">The loop's name in logs and for <see cref="JobsHealth"/>.</param>
/// <param name="interval">Between two turns.</param>
/// <param name="chunk">How many rows a statement may change; fewer for as long as such a statement takes longer than the server allows.</param>
/// <param name="time">Drives the timer.</param>
/// <param name="logger">Hears of failed turns.</param>
abstract class MaintenanceLoop(string name, TimeSpan interval, int chunk, TimeProvider time, ILogger logger)
{
    const int SmallestChunk = 10;

    readonly int _largestChunk = chunk;

    // A turn of many chunks shows a sign of life before each.
    static readonly TimeSpan LongestChunk = TimeSpan.FromMinutes(1);

    public string Name => name;

    /// <summary>How many rows the next statement may change. A turn that fails halves it, and each that does not adds a tenth of the whole.</summary>
    protected int Chunk { get; private set; } = chunk;

    public async Task RunAsync(Pulse pulse, CancellationToken leading)
    {
        for (var failures = 0; !leading.IsCancellationRequested;)
        {
            var wait = interval;
            try
            {
                await RunOnceAsync(() => pulse.Expect(LongestChunk), leading).ConfigureAwait(false);
                failures = 0;
                Chunk = Math.Min(_largestChunk, Chunk + (_largestChunk + 9) / 10);
            }
            catch (Exception exception) when (!leading.IsCancellationRequested)
            {
                wait = Backoff.AfterError(++failures);
                Chunk = Math.Min(_largestChunk, Math.Max(SmallestChunk, Chunk / 2));
                Log.MaintenanceFailed(logger, exception, name);
            }

            pulse.Expect(wait + LongestChunk);
            await WaitAsync(wait, leading).ConfigureAwait(false);
        }
    }

    /// <summary>Half a minute, or less where the host looks for jobs very often.</summary>
    protected static TimeSpan Seldom(TimeSpan poll) => poll * 30 < TimeSpan.FromSeconds(30) ? poll * 30 : TimeSpan.FromSeconds(30);

    /// <summary>Waits for the next turn.</summary>
    protected virtual Task WaitAsync(TimeSpan wait, CancellationToken leading) => Task.Delay(wait, time, leading);

    /// <summary>One turn, in chunks.</summary>
    /// <param name="beforeChunk">To be called before each statement.</param>
    /// <param name="leading">Ends the turn: this node does not lead any more.</param>
    public abstract Task RunOnceAsync(Action beforeChunk, CancellationToken leading);
}
