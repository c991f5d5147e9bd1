namespace Jobs;

/// <summary>No batch has this id: it was never enqueued, or is no longer retained.</summary>
public sealed class BatchNotFoundException : Exception
{
    internal BatchNotFoundException(string batchId)
        : base($"No batch has the id \"{batchId}\": it was never enqueued here, or is no longer retained.") => BatchId = batchId;

    /// <summary>The id that was asked for.</summary>
    public string BatchId { get; }
}
