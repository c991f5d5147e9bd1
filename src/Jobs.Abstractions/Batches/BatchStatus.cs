namespace Jobs;

/// <summary>How far a batch is, in one snapshot.</summary>
/// <param name="Id">The batch's id.</param>
/// <param name="Total">How many jobs it has.</param>
/// <param name="Pending">How many have not ended: they wait, run, or wait for their next attempt.</param>
/// <param name="Retryable">How many of the pending ones have failed and wait for their next attempt.</param>
/// <param name="Completed">How many ended well.</param>
/// <param name="Cancelled">How many were stopped on purpose.</param>
/// <param name="Discarded">How many were given up.</param>
public sealed record BatchStatus(string Id, int Total, int Pending, int Retryable, int Completed, int Cancelled, int Discarded)
{
    /// <summary>When the batch was enqueued, by the database's clock.</summary>
    public required DateTimeOffset InsertedAt { get; init; }

    /// <summary>When its last job ended; <see langword="null"/> while jobs are pending.</summary>
    public required DateTimeOffset? ClosedAt { get; init; }

    /// <summary>The worker that is told at the end; <see langword="null"/> if nobody is told.</summary>
    public required string? CallbackWorker { get; init; }

    /// <summary>The state of the callback's job; <see langword="null"/> before the end, and where nobody is told or the job's row was deleted.</summary>
    public required JobState? CallbackState { get; init; }

    /// <summary>Whether every job has ended. That the callback has run too is another fact: <see cref="CallbackState"/>.</summary>
    public bool IsClosed => ClosedAt is not null;
}
