namespace Jobs;

/// <summary>Whether a node takes the jobs of a queue.</summary>
public enum QueueState
{
    /// <summary>It does.</summary>
    Running,

    /// <summary>It takes no more; those that run go on.</summary>
    Paused,

    /// <summary>
    /// It takes no more; those that run have <see cref="JobsOptions.ShutdownGrace"/> left. Then their tokens are cancelled, and they go back
    /// without having lost an attempt.
    /// </summary>
    Stopped,
}
