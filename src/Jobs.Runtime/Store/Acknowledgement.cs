namespace Jobs.Store;

/// <summary>One job's outcome. It counts only while the job still executes this run on this node.</summary>
/// <param name="Id">The job.</param>
/// <param name="Run">Its run.</param>
/// <param name="Node">The node that claimed it.</param>
/// <param name="State">
/// Where the job goes: a final state; <see cref="JobState.Retryable"/> after a failure; <see cref="JobState.Scheduled"/> for a snooze and
/// <see cref="JobState.Available"/> for a job that is given back, both of which give the attempt back too.
/// </param>
/// <param name="Delay">When it is due again, counted from the acknowledgement; for the two waiting states.</param>
/// <param name="Error">Kept with the job's errors; text that the store can hold.</param>
readonly record struct Acknowledgement(long Id, long Run, Guid Node, JobState State, TimeSpan Delay = default, string? Error = null);

/// <summary>What an acknowledgement changed.</summary>
/// <param name="Acknowledged">The jobs whose outcome counted. The others were stale.</param>
/// <param name="ClosedBatches">The ids of the batches that it closed.</param>
/// <param name="CallbackQueues">The queues in which it enqueued callbacks.</param>
sealed record AcknowledgeResult(IReadOnlySet<long> Acknowledged, IReadOnlyList<string> ClosedBatches, IReadOnlyList<string> CallbackQueues);
