namespace Jobs;

/// <summary>The batch takes no more jobs: it is sealed, or was cancelled, or has ended. Nothing was inserted.</summary>
public sealed class BatchSealedException : Exception
{
    internal BatchSealedException(string batchId)
        : base($"The batch \"{batchId}\" takes no more jobs: it was sealed, cancelled, or has ended. Nothing was inserted.") => BatchId = batchId;

    /// <summary>The batch's id.</summary>
    public string BatchId { get; }
}
