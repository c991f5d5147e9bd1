namespace Jobs.Queues;

/// <summary>How fast the jobs of a queue end, and so how many of them start soon.</summary>
sealed class Pace(TimeProvider time)
{
    // So long a claimed job may wait for its slot: much longer than a claim takes, and nothing to a job that others could have run instead.
    static readonly TimeSpan Soon = TimeSpan.FromMilliseconds(25);

    // Those of one claim run while the next is under way.
    const int Most = 2 * Producer.LargestClaim;

    static readonly TimeSpan Window = TimeSpan.FromMilliseconds(100);

    // A queue that has just begun should not claim in small pieces for as long as a window. So many jobs within so short a time are no chance.
    static readonly TimeSpan ShortestWindow = TimeSpan.FromMilliseconds(5);
    const int ManyFinished = 50;

    long _since = time.GetTimestamp();
    long _finished;
    TimeSpan _busy;
    int _ahead;

    /// <summary>How many jobs more than there are slots a node may hold, as it will have started them soon.</summary>
    /// <param name="finished">How many jobs of the queue have ended since the start.</param>
    /// <param name="busy">How long any of them have run since the start: a queue that waits for its next claim is not slow.</param>
    public int JobsAhead(long finished, TimeSpan busy)
    {
        var elapsed = time.GetElapsedTime(_since);
        var ended = finished - _finished;
        if (elapsed >= Window || (elapsed >= ShortestWindow && ended >= ManyFinished))
        {
            // A few short jobs say nothing of the next ones.
            var worked = ended >= ManyFinished ? busy - _busy : elapsed;
            _ahead = worked > TimeSpan.Zero ? (int)Math.Min(Most, ended * Soon / worked) : Most;
            (_since, _finished, _busy) = (time.GetTimestamp(), finished, busy);
        }

        return _ahead;
    }
}
