namespace Jobs;

/// <summary>One queue, as it stood when it was asked for.</summary>
/// <param name="Queue">The queue's name.</param>
/// <param name="Nodes">The living nodes that work it, by name. Empty for a queue of which something was said, and that nobody works now.</param>
/// <param name="Available">How many jobs wait to be claimed; counting stops at 10,000. Those that a node died with are not among them.</param>
/// <param name="Settings">What was said at run time of this queue, of all queues, or of some of their nodes; the newest first, which leads.</param>
public sealed record QueueStatus(string Queue, IReadOnlyList<QueueOnNode> Nodes, long Available, IReadOnlyList<QueueSetting> Settings);
