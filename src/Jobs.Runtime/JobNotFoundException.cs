namespace Jobs;

/// <summary>No job has this id: it was never enqueued, or is no longer retained.</summary>
public sealed class JobNotFoundException : Exception
{
    internal JobNotFoundException(long jobId)
        : base($"No job has the id {jobId}: it was never enqueued here, was deleted, or is no longer retained.") => JobId = jobId;

    /// <summary>The id that was asked for.</summary>
    public long JobId { get; }
}
