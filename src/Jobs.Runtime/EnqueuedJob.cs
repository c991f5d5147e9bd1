namespace Jobs;

/// <summary>A job that was stored.</summary>
/// <param name="Id">The job's id in the table of jobs.</param>
public readonly record struct EnqueuedJob(long Id);
