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
