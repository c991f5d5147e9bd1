namespace Jobs.Store;

/// <summary>A job as a node holds it: what it needs to run, and the run and node that fence its outcome.</summary>
/// <param name="Id">The job.</param>
/// <param name="Run">Its run.</param>
/// <param name="Node">The node that claimed it.</param>
/// <param name="Worker">Its worker's name.</param>
/// <param name="Queue">Its queue.</param>
/// <param name="Args">Its args as UTF-8 JSON; <see langword="null"/> if they are too many to come with the claim, and are read when the job starts.</param>
/// <param name="Attempt">Which attempt this is, from 1.</param>
/// <param name="MaxAttempts">The last attempt.</param>
/// <param name="Batch">The batch whose member it is.</param>
sealed record ClaimedJob(
    long Id,
    long Run,
    Guid Node,
    string Worker,
    string Queue,
    ReadOnlyMemory<byte>? Args,
    int Attempt,
    int MaxAttempts,
    BatchRef? Batch)
{
    /// <summary>Its tags.</summary>
    public IReadOnlyList<string> Tags { get; init; } = [];

    /// <summary>Its meta as UTF-8 JSON; empty if it has none.</summary>
    public ReadOnlyMemory<byte> Meta { get; init; }

    /// <summary>Whether its batch was cancelled before it was claimed: then it does not start.</summary>
    public bool IsBatchCancelled { get; init; }
}

/// <summary>What a claim took.</summary>
/// <param name="Jobs">The jobs, most urgent first.</param>
/// <param name="SuspectsWait">Whether the queue has jobs that a node died with, which are claimed apart.</param>
sealed record ClaimResult(IReadOnlyList<ClaimedJob> Jobs, bool SuspectsWait)
{
    public static ClaimResult None { get; } = new([], SuspectsWait: false);
}
