namespace Jobs;

/// <summary>In which order jobs are read: by their ids, which rise with the enqueues.</summary>
public enum JobOrder
{
    /// <summary>What was enqueued last comes first.</summary>
    NewestFirst,

    /// <summary>What was enqueued first comes first.</summary>
    OldestFirst,
}
