namespace Jobs.Bench.Nodes;

/// <param name="Program">What each node runs.</param>
/// <param name="Nodes">How many there are.</param>
/// <param name="Concurrency">How many jobs each runs at once.</param>
sealed record NodeSettings(NodeProgram Program, int Nodes, int Concurrency);
