namespace Jobs;

/// <summary>What an enqueue does that meets an equal job.</summary>
public enum UniqueConflict
{
    /// <summary>It stores nothing, and answers with the job that is there.</summary>
    ReturnExisting,

    /// <summary>It puts its own fields into the job that is there, if that one still waits, and answers with it.</summary>
    Replace,

    /// <summary>It throws, and nothing of the call is stored.</summary>
    Fail,
}
