namespace Jobs;

/// <summary>A queue on one of the nodes that work it.</summary>
/// <param name="Node">The node's name: <see cref="JobsOptions.NodeName"/>.</param>
/// <param name="State">Whether the node takes the queue's jobs, as was said at run time.</param>
/// <param name="Concurrency">How many of the queue's jobs it may run at once: as was said at run time, else <paramref name="OwnConcurrency"/>.</param>
/// <param name="OwnConcurrency">How many of them its host would have it run.</param>
/// <param name="Executing">How many it has claimed and not ended; counting stops at 10,000. It claims short jobs a little ahead.</param>
public sealed record QueueOnNode(string Node, QueueState State, int Concurrency, int OwnConcurrency, long Executing);
