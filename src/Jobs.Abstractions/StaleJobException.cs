namespace Jobs;

/// <summary>
/// The job is no longer this run's to complete: its node was taken for dead and the job was rescued, or the host has given it back. Whatever
/// was written in the transaction is rolled back; the job runs, or has run, elsewhere.
/// </summary>
public sealed class StaleJobException : Exception
{
    /// <summary>Makes the exception for a job and the run that came too late.</summary>
    internal StaleJobException(long jobId, string worker, long run)
        : base($"Job {jobId} ({worker}) could not be completed: run {run} of it is no longer this node's, which lost its lease or gave the job back. Its writes were rolled back.") =>
        JobId = jobId;

    /// <summary>The job.</summary>
    public long JobId { get; }
}
