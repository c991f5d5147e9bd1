namespace Jobs.Store;

/// <summary>What is said of a queue on a node.</summary>
/// <param name="State">Whether its jobs are claimed.</param>
/// <param name="Concurrency">How many of them run at once; <see langword="null"/> for the host's own number.</param>
readonly record struct QueueRule(QueueState State, int? Concurrency);
