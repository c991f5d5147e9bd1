using System.Diagnostics;
using System.Globalization;
using System.Text;
using Jobs.Queues;

namespace Jobs.Bench;

/// <summary>
/// What a node says of itself, a line each: the event, a count, and when, in nanoseconds of the monotonic clock, which all processes of the
/// machine share.
/// </summary>
sealed class NodeEvents(Stream output)
{
    // For so long the node has to hold nothing before it says so. The event's time is that of the last outcome, whenever it is told.
    static readonly TimeSpan Settles = TimeSpan.FromMilliseconds(50);

    long _storedAt;

    /// <summary>The program is loaded.</summary>
    public void Started() => Say("start", 0, Stopwatch.GetTimestamp());

    /// <summary>Tells of the first job, and each time that every job which began here has its outcome stored.</summary>
    public async Task TellAsync(Performances performances, HeldJobs held, CancellationToken stopping)
    {
        held.Forgotten += _ => Volatile.Write(ref _storedAt, Stopwatch.GetTimestamp());
        try
        {
            Say("first", 1, await performances.NextAsync().WaitAsync(stopping));
            for (var told = 0L; ; told = await TellIdleAsync(told, performances, held, stopping))
                await performances.UntilMoreThanAsync(told, stopping);
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
        }
    }

    async Task<long> TellIdleAsync(long told, Performances performances, HeldJobs held, CancellationToken stopping)
    {
        await held.WhenEmptyAsync().WaitAsync(stopping);
        await Task.Delay(Settles, stopping);
        var (count, callbacks, callbackAt) = (performances.Count, performances.Callbacks, performances.CallbackAt);

        // Read after the count: what began before it, and is held no more, is stored.
        if (!held.WhenEmptyAsync().IsCompleted)
            return told;
        if (callbacks > 0)
            Say("callback", callbacks, callbackAt);
        Say("idle", count, Volatile.Read(ref _storedAt));
        return count;
    }

    void Say(string name, long count, long at)
    {
        output.Write(Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{name} {count} {at}\n")));
        output.Flush();
    }
}
