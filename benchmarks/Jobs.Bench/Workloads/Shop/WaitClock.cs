using System.Diagnostics;
using Jobs.Bench.Results;

namespace Jobs.Bench.Workloads.Shop;

/// <summary>How long the jobs of one kind wait from when they are due to the first line of their first run.</summary>
sealed class WaitClock(string kind, int jobs)
{
    readonly long[] _dueAt = new long[jobs];
    readonly TimeSpan[] _waited = new TimeSpan[jobs];

    /// <summary>A job is about to be enqueued, and due after <paramref name="delay"/>.</summary>
    public void Expect(int number, TimeSpan delay = default) => _dueAt[number] = Stopwatch.GetTimestamp() + (long)(delay.TotalSeconds * Stopwatch.Frequency);

    public void Begin(int number)
    {
        if (Interlocked.Exchange(ref _dueAt[number], 0) is var dueAt and not 0)
            _waited[number] = Stopwatch.GetElapsedTime(dueAt);
    }

    public Wait Read()
    {
        var waited = _waited.Where(static time => time != TimeSpan.Zero).ToList();
        return new Wait(kind, waited.Count, Percentiles.Of(waited));
    }
}
