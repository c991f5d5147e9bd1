namespace Jobs;

/// <summary>Fields of a stored job.</summary>
[Flags]
public enum JobFields
{
    /// <summary>None of them.</summary>
    None = 0,

    /// <summary>The args.</summary>
    Args = 1,

    /// <summary>The priority.</summary>
    Priority = 2,

    /// <summary>When the job is due. It does not wait for an earlier retry any more.</summary>
    Schedule = 4,

    /// <summary>The last attempt. The attempts that were made still count.</summary>
    MaxAttempts = 8,

    /// <summary>The tags.</summary>
    Tags = 16,

    /// <summary>The meta.</summary>
    Meta = 32,

    /// <summary>All of them.</summary>
    All = Args | Priority | Schedule | MaxAttempts | Tags | Meta,
}
