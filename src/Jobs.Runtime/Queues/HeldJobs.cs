using System.Collections.Concurrent;
using Jobs.Store;

namespace Jobs.Queues;

/// <summary>The jobs this process has claimed and not yet given an outcome. Whoever takes a job out decides its outcome, once.</summary>
sealed class HeldJobs
{
    readonly ConcurrentDictionary<(long Id, long Run), ClaimedJob> _jobs = new();

    public IReadOnlyList<ClaimedJob> Snapshot() => [.. _jobs.Values];

    public void Add(ClaimedJob job) => _jobs[(job.Id, job.Run)] = job;

    public bool TryTake(ClaimedJob job) => _jobs.TryRemove((job.Id, job.Run), out _);
}
