namespace Jobs;

/// <summary>Some of the batches that a filter means, the newest first.</summary>
/// <param name="Batches">The batches.</param>
/// <param name="Next">What to give for the next page; <see langword="null"/> if this is the last.</param>
public sealed record BatchPage(IReadOnlyList<BatchStatus> Batches, long? Next);
