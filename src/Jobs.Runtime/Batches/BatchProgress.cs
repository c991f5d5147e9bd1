namespace Jobs;

/// <summary>How far a batch is, and how fast it goes: what <see cref="JobClient.WatchAsync"/> tells.</summary>
/// <param name="Status">The batch.</param>
/// <param name="JobsPerSecond">How many jobs ended a second of late: in the last ten seconds or so.</param>
public sealed record BatchProgress(BatchStatus Status, double JobsPerSecond)
{
    /// <summary>How long the pending jobs take at that rate; <see langword="null"/> while nothing ends, and zero at the end.</summary>
    public TimeSpan? TimeLeft => BatchStatus.Left(Status.Pending, Status.IsClosed, JobsPerSecond);
}
