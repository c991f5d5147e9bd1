namespace Jobs;

/// <summary>Whether a job was changed, or why not.</summary>
public enum JobChangeOutcome
{
    /// <summary>The change was made.</summary>
    Done,

    /// <summary>There is no job with this id: it was never enqueued, or is no longer retained.</summary>
    NotFound,

    /// <summary>The job's state does not allow the change.</summary>
    WrongState,

    /// <summary>The job is a member of a batch that has ended, whose callback has told of it; it cannot be retried.</summary>
    BatchClosed,

    /// <summary>The new args are those of another worker.</summary>
    OtherWorker,

    /// <summary>Another job holds the unique key of this one, which has ended; both at once would be two. Retry it when the other has ended.</summary>
    KeyTaken,
}
