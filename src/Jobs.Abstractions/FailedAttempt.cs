namespace Jobs;

/// <summary>An attempt that threw, as a worker's <see cref="BackoffAttribute">backoff</see> sees it.</summary>
public sealed class FailedAttempt
{
    /// <summary>Which attempt failed: 1 for the first.</summary>
    public required int Attempt { get; init; }

    /// <summary>After how many attempts the job is given up. After the last one no backoff is asked.</summary>
    public required int MaxAttempts { get; init; }

    /// <summary>What was thrown; a <see cref="TimeoutException"/> for an attempt that took longer than the worker's timeout.</summary>
    public required Exception Exception { get; init; }

    /// <summary>How long the job waits without a backoff of the worker's own: 15 seconds, 2^attempt more, and up to a tenth by chance.</summary>
    public required TimeSpan DefaultDelay { get; init; }
}
