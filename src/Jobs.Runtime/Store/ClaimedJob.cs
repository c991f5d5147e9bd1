namespace Jobs.Store;

/// <summary>A job as a node holds it: what it needs to run, and the run and node that fence its outcome.</summary>
sealed record ClaimedJob(
    long Id,
    long Run,
    Guid Node,
    string Worker,
    string Queue,
    ReadOnlyMemory<byte> Args,
    int Attempt,
    int MaxAttempts,
    BatchRef? Batch);

/// <summary>What a claim took.</summary>
/// <param name="Jobs">The jobs, most urgent first.</param>
/// <param name="SuspectsWait">Whether the queue has jobs that a node died with, which are claimed apart.</param>
sealed record ClaimResult(IReadOnlyList<ClaimedJob> Jobs, bool SuspectsWait)
{
    public static ClaimResult None { get; } = new([], SuspectsWait: false);
}
