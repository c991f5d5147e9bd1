namespace Jobs;

/// <summary>An equal job is there already, and the worker's <see cref="UniqueAttribute"/> says that an enqueue of another fails. Nothing was stored.</summary>
public sealed class JobExistsException : Exception
{
    internal JobExistsException(long jobId, string worker)
        : base($"Job {jobId} ({worker}) is there already, and an equal one is not to be enqueued. Nothing was stored. To get that job instead, let the worker's OnConflict be ReturnExisting.")
    {
        JobId = jobId;
        Worker = worker;
    }

    /// <summary>The id of the job that is there.</summary>
    public long JobId { get; }

    /// <summary>The name of its worker, as it is stored.</summary>
    public string Worker { get; }
}
