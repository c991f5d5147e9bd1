namespace Jobs.Runtime.Tests.Behaviour;

public sealed record Errand(string Text);

/// <summary>Has a second for each attempt, and does what it is told.</summary>
[Worker(Queue = "tests", MaxAttempts = 3, TimeoutSeconds = 1)]
public sealed partial class Hasty(Script script)
{
    [Perform]
    public Task<JobOutcome> RunAsync(Errand errand, JobContext job, CancellationToken cancellationToken)
    {
        script.Say($"began {errand.Text}");
        return script.Greet(job, cancellationToken);
    }
}

public abstract class Patient
{
    [Backoff]
    protected static TimeSpan WaitAfter(FailedAttempt failed) => failed.Exception switch
    {
        FormatException => TimeSpan.FromMinutes(failed.Attempt * 7),
        TimeoutException => failed.DefaultDelay + TimeSpan.FromHours(1),
        InvalidTimeZoneException => TimeSpan.FromSeconds(-1),
        _ => throw new NotSupportedException("canary of a backoff"),
    };
}

[Worker(Queue = "tests", MaxAttempts = 3)]
public sealed partial class Stubborn(Script script) : Patient
{
    [Perform]
    public Task<JobOutcome> RunAsync(Errand errand, JobContext job, CancellationToken cancellationToken) => script.Greet(job, cancellationToken);
}
