using System.Diagnostics;

namespace Jobs.Bench;

/// <summary>Counts the jobs that have begun in this process, and says when the next one does.</summary>
public sealed class Performances
{
    long _count;
    long _callbacks;
    long _callbackAt;
    TaskCompletionSource<long>? _next;

    /// <summary>How many jobs have begun, callbacks included.</summary>
    public long Count => Interlocked.Read(ref _count);

    public long Callbacks => Interlocked.Read(ref _callbacks);

    /// <summary>The timestamp at which the last callback began.</summary>
    public long CallbackAt => Interlocked.Read(ref _callbackAt);

    /// <summary>Completes with the timestamp at which the next job begins.</summary>
    public Task<long> NextAsync()
    {
        var next = new TaskCompletionSource<long>(TaskCreationOptions.RunContinuationsAsynchronously);
        Interlocked.Exchange(ref _next, next);
        return next.Task;
    }

    public async Task UntilMoreThanAsync(long count, CancellationToken cancellationToken)
    {
        var next = NextAsync();
        if (Count <= count)
            await next.WaitAsync(cancellationToken);
    }

    public void Begin()
    {
        Interlocked.Increment(ref _count);
        if (Volatile.Read(ref _next) is not null)
            Interlocked.Exchange(ref _next, null)?.SetResult(Stopwatch.GetTimestamp());
    }

    public void BeginCallback()
    {
        Interlocked.Exchange(ref _callbackAt, Stopwatch.GetTimestamp());
        Interlocked.Increment(ref _callbacks);
        Begin();
    }
}
