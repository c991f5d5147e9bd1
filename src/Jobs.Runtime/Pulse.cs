namespace Jobs;

/// <summary>One loop's sign of life: it says by when its next one comes, or that it waits for something that may take any time.</summary>
sealed class Pulse(string name, TimeProvider time)
{
    const long Resting = long.MaxValue;

    long _seenAt = time.GetTimestamp();
    long _expectedBy = Resting;

    public string Name => name;

    /// <summary>The next sign comes within <paramref name="within"/>.</summary>
    public void Expect(TimeSpan within)
    {
        var now = time.GetTimestamp();
        Volatile.Write(ref _seenAt, now);
        Volatile.Write(ref _expectedBy, now + (long)(within.TotalSeconds * time.TimestampFrequency));
    }

    /// <summary>Nothing is due: the loop waits for work, or has ended.</summary>
    public void Rest()
    {
        Volatile.Write(ref _seenAt, time.GetTimestamp());
        Volatile.Write(ref _expectedBy, Resting);
    }

    public LoopHealth Look()
    {
        var expectedBy = Volatile.Read(ref _expectedBy);
        var now = time.GetTimestamp();
        var late = expectedBy == Resting || now <= expectedBy ? TimeSpan.Zero : time.GetElapsedTime(expectedBy, now);
        return new LoopHealth(name, time.GetElapsedTime(Volatile.Read(ref _seenAt), now), late);
    }
}
