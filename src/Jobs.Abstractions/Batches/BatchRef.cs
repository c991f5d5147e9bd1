namespace Jobs;

/// <summary>A batch: jobs that are tracked as a group.</summary>
/// <param name="Id">The caller's id of the batch, unique while the batch is retained.</param>
/// <param name="Total">How many jobs the batch has.</param>
public sealed record BatchRef(string Id, int Total)
{
    /// <summary>The worker that is told when every job of the batch has ended; <see langword="null"/> if nobody is told.</summary>
    /// <remarks>An empty batch for which the caller named no worker has nobody to tell.</remarks>
    public string? CallbackWorker { get; init; }
}
