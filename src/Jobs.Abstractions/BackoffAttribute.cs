namespace Jobs;

/// <summary>Marks the method of a <see cref="WorkerAttribute">worker</see> that says how long a job waits after an attempt that threw.</summary>
/// <remarks>
/// The method is static, takes a <see cref="FailedAttempt"/> and returns a <see cref="TimeSpan"/>, zero or more. Where it throws, or returns less
/// than zero, the job waits for the default delay, and that is logged. <see cref="JobOutcome.RetryAfter"/> does not ask it. A worker without one
/// uses that of its base class.
/// </remarks>
/// <example><code>
/// [Backoff]
/// static TimeSpan WaitAfter(FailedAttempt failed) =>
///     failed.Exception is RateLimitException limit ? limit.RetryAfter : failed.DefaultDelay;
/// </code></example>
[AttributeUsage(AttributeTargets.Method, Inherited = false)]
public sealed class BackoffAttribute : Attribute;
