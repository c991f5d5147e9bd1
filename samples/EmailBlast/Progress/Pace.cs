using Jobs;

namespace EmailBlast.Progress;

/// <summary>Measures how fast a mailing moves: over the last ten seconds, so that a pause shows, and an end of it.</summary>
sealed class Pace(TimeProvider time)
{
    static readonly TimeSpan Window = TimeSpan.FromSeconds(10);

    readonly Queue<(long At, int Done)> _looks = new();

    /// <summary>Takes note of a status.</summary>
    public Snapshot Look(BatchStatus status)
    {
        var now = time.GetTimestamp();
        var done = status.Total - status.Pending;
        _looks.Enqueue((now, done));
        // The oldest look that is kept is at least the window old, where there is one.
        while (_looks.Count > 2 && time.GetElapsedTime(_looks.ElementAt(1).At, now) >= Window)
            _looks.Dequeue();

        var (since, before) = _looks.Peek();
        var seconds = time.GetElapsedTime(since, now).TotalSeconds;
        return new Snapshot(status.Total, done, status.Retryable, status.Discarded, seconds > 0 ? (done - before) / seconds : 0);
    }
}
