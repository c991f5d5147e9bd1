using System.Collections.Concurrent;
using Jobs.Queues;
using Microsoft.Extensions.Logging;

namespace Jobs;

/// <summary>Tells whether the loops of this host do their work: claims, acknowledgements, leases, notifications, maintenance.</summary>
/// <remarks>A loop that dies is started again, and one that is late is logged; this is for a health check, and for people who ask.</remarks>
/// <example><code>
/// app.MapGet("/health", (JobsHealth jobs) => Results.Text(string.Join('\n', jobs.Loops), statusCode: jobs.IsLate ? 503 : 200));
/// </code></example>
public sealed class JobsHealth
{
    readonly ConcurrentDictionary<string, Pulse> _pulses = new(StringComparer.Ordinal);
    readonly TimeProvider _time;

    internal JobsHealth(TimeProvider time) => _time = time;

    /// <summary>The loops of this host, by name. Empty before the host has started, and on a host that only enqueues.</summary>
    public IReadOnlyList<LoopHealth> Loops => [.. _pulses.Values.Select(pulse => pulse.Look()).OrderBy(loop => loop.Name, StringComparer.Ordinal)];

    /// <summary>Whether some loop is late.</summary>
    public bool IsLate => _pulses.Values.Any(pulse => pulse.Look().IsLate);

    /// <summary>The pulse of the loop with this name; the same one for a loop that is started again.</summary>
    internal Pulse PulseOf(string loop) => _pulses.GetOrAdd(loop, static (name, time) => new Pulse(name, time), _time);

    /// <summary>Runs a loop until its token ends it. Whatever else ends it is logged, and it starts again.</summary>
    internal Task SuperviseAsync(string name, Func<Pulse, CancellationToken, Task> loop, ILogger logger, CancellationToken ends) => Task.Run(async () =>
    {
        var pulse = PulseOf(name);
        for (var failures = 1; !ends.IsCancellationRequested; failures++)
        {
            try
            {
                await loop(pulse, ends).ConfigureAwait(false);
                break;
            }
            catch (OperationCanceledException) when (ends.IsCancellationRequested)
            {
            }
            catch (Exception exception)
            {
                Log.RoleFailed(logger, exception, name);
                pulse.Expect(Backoff.Longest * 2);
                await Task.Delay(Backoff.AfterError(failures), CancellationToken.None).ConfigureAwait(false);
                pulse.Rest();
            }
        }

        pulse.Rest();
    });
}

/// <summary>How one loop of a host is.</summary>
/// <param name="Name">The loop, such as <c>Stager</c>; what only the leader does has a loop on the leader alone.</param>
/// <param name="SinceLastSign">How long ago it showed that it lives. A loop that has nothing to do may rest for any time.</param>
/// <param name="Late">How long its next sign is overdue; zero for a loop that is in time.</param>
public sealed record LoopHealth(string Name, TimeSpan SinceLastSign, TimeSpan Late)
{
    /// <summary>Whether the loop's next sign is overdue.</summary>
    public bool IsLate => Late > TimeSpan.Zero;
}
