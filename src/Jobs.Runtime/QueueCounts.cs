namespace Jobs;

/// <summary>How many jobs of a queue have not ended, state by state, each counted up to a limit.</summary>
/// <param name="Queue">The queue.</param>
/// <param name="Available">How many are due.</param>
/// <param name="Executing">How many run, on all nodes.</param>
/// <param name="Scheduled">How many wait for their time. Where very many wait in all queues together, at least so many.</param>
/// <param name="Retryable">How many wait for their next attempt. Where very many wait in all queues together, at least so many.</param>
public sealed record QueueCounts(string Queue, JobCount Available, JobCount Executing, JobCount Scheduled, JobCount Retryable);
