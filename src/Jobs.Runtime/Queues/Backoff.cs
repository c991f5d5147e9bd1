namespace Jobs.Queues;

/// <summary>How long a failed job waits for its next attempt, and a failed statement for its next try.</summary>
static class Backoff
{
    /// <summary>15 seconds and 2^n more, and up to a tenth on top so that jobs that failed together do not return together.</summary>
    /// <remarks>
    /// Oban's default. As there, the attempts of a job with more than 20 are spread over the same curve, which ends after twelve days.
    /// </remarks>
    public static TimeSpan AfterAttempt(int attempt, int maxAttempts)
    {
        var step = maxAttempts <= 20 ? attempt : Math.Round(attempt * 20.0 / maxAttempts);
        return TimeSpan.FromSeconds((15 + Math.Pow(2, Math.Clamp(step, 0, 20))) * (1 + Random.Shared.NextDouble() / 10));
    }

    /// <summary>The longest wait after an error.</summary>
    public static TimeSpan Longest => TimeSpan.FromSeconds(5);

    /// <summary>From a fifth of a second, doubling to 5 seconds, with half of it by chance: nodes that lost the same server do not return together.</summary>
    public static TimeSpan AfterError(int failures) =>
        TimeSpan.FromSeconds(Math.Min(Longest.TotalSeconds, 0.2 * Math.Pow(2, Math.Min(failures - 1, 10))) * (0.5 + Random.Shared.NextDouble() / 2));
}
