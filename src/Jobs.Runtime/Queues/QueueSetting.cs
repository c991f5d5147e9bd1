namespace Jobs;

/// <summary>Something that was said of a queue at run time.</summary>
/// <param name="Queue">The queue; <see langword="null"/> for every queue.</param>
/// <param name="Node">The name of the node that it was said of; <see langword="null"/> for every node.</param>
/// <param name="State">Whether jobs are to be taken; <see langword="null"/> if it was said of the concurrency.</param>
/// <param name="Concurrency">How many jobs are to run at once; <see langword="null"/> for each host's own number, or if it was said of the state.</param>
/// <param name="SetAt">When it was said, by the database's clock.</param>
public sealed record QueueSetting(string? Queue, string? Node, QueueState? State, int? Concurrency, DateTimeOffset SetAt);
