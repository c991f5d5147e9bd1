namespace Jobs;

/// <summary>What became of the failed jobs of a batch.</summary>
/// <param name="BatchId">The batch in which they run: their own, or a new one if that had ended.</param>
/// <param name="Retried">How many run again. Those whose unique keys other jobs hold by now do not.</param>
public readonly record struct BatchRetry(string BatchId, long Retried);
