namespace Jobs.Queues;

/// <summary>How fast the jobs of a queue end, and so how many of them start soon.</summary>
sealed class Pace(TimeProvider time)
{
    // So long a claimed job may wait for its slot: much longer than a claim takes, and nothing to a job that others could have run instead.
    static readonly TimeSpan Soon = TimeSpan.FromMilliseconds(25);
    const int Most = 2_000;

    static readonly TimeSpan Window = TimeSpan.FromMilliseconds(100);

    // A queue that has just begun should not claim in small pieces for as long as a window. So many jobs within so short a time are no chance.
    static readonly TimeSpan ShortestWindow = TimeSpan.FromMilliseconds(5);
    const int ManyFinished = 50;

    long _since = time.GetTimestamp();
    long _finished;
    double _perSecond;

    /// <summary>How many jobs more than there are slots a node may hold, as it will have started them soon.</summary>
    /// <param name="finished">How many jobs of the queue have ended since the start.</param>
    public int JobsAhead(long finished)
    {
        var elapsed = time.GetElapsedTime(_since);
        if (elapsed >= Window || (elapsed >= ShortestWindow && finished - _finished >= ManyFinished))
        {
            _perSecond = (finished - _finished) / elapsed.TotalSeconds;
            (_since, _finished) = (time.GetTimestamp(), finished);
        }

        return (int)Math.Min(Most, _perSecond * Soon.TotalSeconds);
    }
}
