namespace Jobs;

/// <summary>Some of the jobs that a filter means.</summary>
/// <param name="Jobs">The jobs, in the order asked for. Fewer than asked for where they are large.</param>
/// <param name="Next">What to give as <c>after</c> for the next page; <see langword="null"/> if this is the last.</param>
public sealed record JobPage(IReadOnlyList<StoredJob> Jobs, long? Next);
