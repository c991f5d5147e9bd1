using Jobs.Store;

namespace Jobs.Queues;

/// <summary>A job and what became of it.</summary>
readonly record struct Execution(ClaimedJob Job, long StartedAt, JobState State)
{
    /// <summary>Whether the job has acknowledged itself, in a transaction of the user's.</summary>
    public bool IsAcknowledged { get; init; }

    /// <summary>Whether it is discarded because this was the last attempt, and not by its own word.</summary>
    public bool WasLastAttempt { get; init; }

    public TimeSpan Delay { get; init; }

    public byte[]? Output { get; init; }

    public string? Error { get; init; }

    public string? ErrorType { get; init; }

    /// <summary>The job's code, if it goes on after its time is over; what it comes to is dropped.</summary>
    public Task? Remains { get; init; }

    public bool IsLastAttempt => Job.Attempt >= Job.MaxAttempts;

    /// <summary>The execution with what the job decided; <see langword="null"/> means that it has acknowledged itself.</summary>
    public Execution With(JobOutcome? decided) => decided is not { } outcome ? this with { IsAcknowledged = true } : this with
    {
        State = outcome.Kind switch
        {
            OutcomeKind.Complete => JobState.Completed,
            OutcomeKind.Cancel => JobState.Cancelled,
            OutcomeKind.Discard => JobState.Discarded,
            OutcomeKind.Snooze => JobState.Scheduled,
            OutcomeKind.Retry => JobState.Retryable,
            _ => throw new InvalidOperationException($"{outcome.Kind} is not an outcome."),
        },
        Delay = outcome.Delay,
        Output = outcome.Output,
        Error = outcome.Reason,
        ErrorType = outcome.Reason is null ? null : $"{nameof(JobOutcome)}.{outcome.Kind}",
    };
}
