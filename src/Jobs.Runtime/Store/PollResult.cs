namespace Jobs.Store;

/// <summary>What a node finds when it looks.</summary>
/// <param name="QueuesWithWork">Those of its queues that have available jobs of workers it knows.</param>
/// <param name="SuspectsWait">Whether one of its queues has available jobs that a node died with.</param>
/// <param name="Cancelled">The jobs that it executes and that are to be cancelled; told again until they have ended.</param>
sealed record PollResult(IReadOnlyList<string> QueuesWithWork, bool SuspectsWait, IReadOnlyList<(long Id, long Run)> Cancelled);
