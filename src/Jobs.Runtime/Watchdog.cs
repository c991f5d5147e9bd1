using Microsoft.Extensions.Logging;

namespace Jobs;

/// <summary>Says when a loop of this host is late, and when it is in time again.</summary>
sealed class Watchdog(JobsHealth health, TimeProvider time, ILogger<Watchdog> logger)
{
    static readonly TimeSpan LookEvery = TimeSpan.FromSeconds(5);

    readonly HashSet<string> _late = new(StringComparer.Ordinal);

    public async Task RunAsync(CancellationToken stopping)
    {
        while (true)
        {
            await Task.Delay(LookEvery, time, stopping).ConfigureAwait(false);
            Look();
        }
    }

    public void Look()
    {
        foreach (var loop in health.Loops)
        {
            if (loop.IsLate && _late.Add(loop.Name))
                Log.LoopLate(logger, loop.Name, loop.Late);
            else if (!loop.IsLate && _late.Remove(loop.Name))
                Log.LoopInTime(logger, loop.Name);
        }
    }
}
