namespace Jobs.Store;

/// <summary>One job's outcome. It counts only while the job still executes this run on this node.</summary>
/// <param name="Id">The job.</param>
/// <param name="Run">Its run.</param>
/// <param name="Node">The node that claimed it.</param>
/// <param name="State">
/// Where the job goes: a final state; <see cref="JobState.Retryable"/> after a failure; <see cref="JobState.Scheduled"/> for a snooze and
/// <see cref="JobState.Available"/> for a job that is given back, both of which give the attempt back too. Where a cancel was requested while
/// the job ran, it is cancelled instead, unless it is completed, or discarded by its own word.
/// </param>
/// <param name="Delay">When it is due again, counted from the acknowledgement; for the two waiting states.</param>
/// <param name="Error">Kept with the job's errors; text that the store can hold.</param>
readonly record struct Acknowledgement(long Id, long Run, Guid Node, JobState State, TimeSpan Delay = default, string? Error = null)
{
    /// <summary>The outcome of a job that was claimed.</summary>
    public static Acknowledgement Of(ClaimedJob job, JobState state) => new(job.Id, job.Run, job.Node, state) { Batch = job.Batch?.Id };

    /// <summary>The id of the batch whose member the job is. The outcome of a member that does not name it is taken for a stale one.</summary>
    public string? Batch { get; init; }

    /// <summary>Whether the job is discarded because its last attempt failed, and not by its own word.</summary>
    public bool WasLastAttempt { get; init; }

    /// <summary>What a completed job returned; <see langword="null"/> for none.</summary>
    public StoredOutput? Output { get; init; }

    /// <summary>How far the job was, if that is not stored yet.</summary>
    public JobProgress? Progress { get; init; }

    /// <summary>The failed attempt that it is when the store refuses the output.</summary>
    public Acknowledgement WithoutOutput(string error) => Output is null ? this : this with
    {
        State = Output.IsOfLastAttempt ? JobState.Discarded : JobState.Retryable,
        WasLastAttempt = Output.IsOfLastAttempt,
        Delay = Output.DelayIfRefused,
        Error = error,
        Output = null,
    };
}

/// <summary>What a completed job returned, and what becomes of the job if the store refuses it.</summary>
/// <param name="Json">JSON, as text.</param>
/// <param name="IsOfLastAttempt">Whether a failure discards the job.</param>
/// <param name="DelayIfRefused">How long it waits otherwise.</param>
sealed record StoredOutput(string Json, bool IsOfLastAttempt, TimeSpan DelayIfRefused);

/// <summary>What an acknowledgement changed.</summary>
/// <param name="Acknowledged">The jobs whose outcome counted. The others were stale.</param>
/// <param name="Cancelled">Those of them that were cancelled in place of their outcome, since that was requested while they ran.</param>
/// <param name="ClosedBatches">The ids of the batches that it closed.</param>
/// <param name="CallbackQueues">The queues in which it enqueued callbacks.</param>
sealed record AcknowledgeResult(
    IReadOnlySet<long> Acknowledged, IReadOnlySet<long> Cancelled, IReadOnlyList<string> ClosedBatches, IReadOnlyList<string> CallbackQueues)
{
    /// <summary>That of outcomes of which none counted.</summary>
    public static AcknowledgeResult Stale { get; } = new(new HashSet<long>(), new HashSet<long>(), [], []);

    /// <summary>The keys of the batches that it closed and that are members of others.</summary>
    public IReadOnlyList<long> ClosedChildren { get; init; } = [];

    /// <summary>The ids of the batches of which something was to be told that had been told, and was not.</summary>
    public IReadOnlyList<string> Doubles { get; init; } = [];
}
