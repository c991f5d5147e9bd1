using System.Collections.Concurrent;
using Jobs.Store;

namespace Jobs.Queues;

/// <summary>What the running jobs of this process tell of their progress, until it is stored: with the node's lease, and with their outcome.</summary>
sealed class ProgressReports
{
    // A renewal of the lease must not take long; the others come with the next one.
    const int MostAtOnce = 5_000;

    readonly ConcurrentDictionary<(long Id, long Run), RunningJob> _jobs = new();

    /// <summary>A job has told of its progress for the first time.</summary>
    public void Add(ClaimedJob job, RunningJob running) => _jobs.TryAdd((job.Id, job.Run), running);

    /// <summary>The newest report of each job, if it is not stored yet.</summary>
    public IReadOnlyList<ProgressReport> TakeUnstored()
    {
        var reports = new List<ProgressReport>();
        foreach (var (key, running) in _jobs)
        {
            if (running.HasReturned)
                _jobs.TryRemove(key, out _);
            if (reports.Count < MostAtOnce && running.UnstoredProgress is { } progress)
                reports.Add(new ProgressReport(key.Id, key.Run, progress));
        }

        return reports;
    }

    /// <summary>Reports have reached the store; the others are tried again.</summary>
    public void Stored(IReadOnlyList<ProgressReport> reports, IReadOnlySet<long> stored)
    {
        foreach (var report in reports)
        {
            if (stored.Contains(report.Id) && _jobs.TryGetValue((report.Id, report.Run), out var running))
                running.ProgressStored(report.Progress);
        }
    }

    /// <summary>The last report of a job whose outcome is known, if it is not stored yet.</summary>
    public JobProgress? TakeLast(ClaimedJob job) => _jobs.TryRemove((job.Id, job.Run), out var running) ? running.UnstoredProgress : null;
}
