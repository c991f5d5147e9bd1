namespace Jobs;

/// <summary>What became of a job that was enqueued.</summary>
/// <param name="Id">The job's id in the table of jobs; that of the job that was there where it is not new.</param>
/// <param name="IsNew">Whether it was stored. If not, a job that is one with it was there before.</param>
public readonly record struct EnqueuedJob(long Id, bool IsNew);
