namespace Jobs.Store;

/// <summary>A node as the others see it.</summary>
sealed record NodeRow(Guid Id, string Name, IReadOnlyList<string> Queues, IReadOnlyList<string> Workers);

/// <summary>How many jobs became available, and in which queues.</summary>
readonly record struct StageResult(int Count, IReadOnlyList<string> Queues);

/// <summary>Which nodes died, and what became of the jobs of dead nodes.</summary>
sealed record RescueResult(IReadOnlyList<string> DeadNodes, int Rescued, int Discarded, IReadOnlyList<string> Queues);

/// <summary>A worker whose jobs nobody can run.</summary>
readonly record struct UnknownWorker(string Worker, string Queue, long Count);

/// <summary>Whether the node that asked leads, and when the lease of the node that leads runs out if it is not renewed.</summary>
readonly record struct Election(bool IsLeader, TimeSpan ExpiresIn);
