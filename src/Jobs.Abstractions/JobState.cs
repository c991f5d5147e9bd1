namespace Jobs;

/// <summary>Where a job is in its life. The states, and their names in the database, are Oban's.</summary>
public enum JobState
{
    /// <summary>Waits for its time.</summary>
    Scheduled,

    /// <summary>Due: runs as soon as its queue has room.</summary>
    Available,

    /// <summary>Runs on a node.</summary>
    Executing,

    /// <summary>Failed, and waits for its next attempt.</summary>
    Retryable,

    /// <summary>Ended well.</summary>
    Completed,

    /// <summary>Stopped on purpose.</summary>
    Cancelled,

    /// <summary>Given up, after the last attempt or by the worker's own word.</summary>
    Discarded,
}
