namespace Jobs;

/// <summary>A batch with the same id is retained. Nothing was inserted.</summary>
public sealed class BatchExistsException : Exception
{
    internal BatchExistsException(BatchRef batch)
        : base($"The batch \"{batch.Id}\" exists already, with {(batch.Total == 1 ? "one job" : $"{batch.Total} jobs")}; nothing was inserted. Choose another id, or look at it with GetBatchAsync.") =>
        Batch = batch;

    /// <summary>The batch that has the id.</summary>
    public BatchRef Batch { get; }
}
