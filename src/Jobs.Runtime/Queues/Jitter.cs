namespace Jobs.Queues;

/// <summary>Nodes that started together, or were woken together, do not look together.</summary>
static class Jitter
{
    /// <summary>A tenth more or less than <paramref name="interval"/>.</summary>
    public static TimeSpan Around(TimeSpan interval) => interval * (0.9 + Random.Shared.NextDouble() / 5);
}
