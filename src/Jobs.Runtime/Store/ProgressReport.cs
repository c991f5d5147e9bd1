namespace Jobs.Store;

/// <summary>How far a job is, which counts only while the job executes this run on the node that tells it.</summary>
/// <param name="Id">The job.</param>
/// <param name="Run">Its run.</param>
/// <param name="Progress">What it told last.</param>
readonly record struct ProgressReport(long Id, long Run, JobProgress Progress);

/// <summary>What a renewal of a node's lease did.</summary>
/// <param name="IsRenewed">Whether the lease had not run out; if it had, that cannot be undone.</param>
/// <param name="Stored">The jobs whose progress was stored. Of the others somebody holds the row, or they execute this run no more.</param>
sealed record Renewal(bool IsRenewed, IReadOnlySet<long> Stored);
