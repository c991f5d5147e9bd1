using System.Data.Common;
using Jobs.Store;
using Microsoft.Extensions.Logging;

namespace Jobs.Queues;

/// <summary>The job that runs, with what it takes to complete it in a transaction of the user's.</summary>
sealed class RunningJob(ClaimedJob job, JobStore store, HeldJobs held, ProgressReports reports, QueueSignals signals, ILogger logger) : JobContext
{
    volatile JobProgress? _progress;
    volatile JobProgress? _stored;
    volatile bool _hasReturned;

    /// <summary>Whether the job was completed by itself, and so has no outcome to be acknowledged any more.</summary>
    public bool IsCompleted { get; private set; }

    /// <summary>Whether its code has returned. What is told later has no place any more.</summary>
    public bool HasReturned => _hasReturned;

    /// <summary>The newest progress, if it is not stored yet.</summary>
    public JobProgress? UnstoredProgress => _progress is { } progress && progress != _stored ? progress : null;

    public void ProgressStored(JobProgress progress) => _stored = progress;

    public void Return() => _hasReturned = true;

    internal override void TellProgress(long done, long? total, string? note)
    {
        if (_hasReturned)
            return;
        var isFirst = _progress is null;
        _progress = new JobProgress(done, total, note);
        if (isFirst)
            reports.Add(job, this);
    }

    internal override async Task CompleteWithAsync(Func<DbTransaction, CancellationToken, Task> write, CancellationToken cancellationToken)
    {
        if (IsCompleted)
            throw new InvalidOperationException($"Job {job.Id} ({job.Worker}) was completed already.");

        var outcome = Acknowledgement.Of(job, JobState.Completed);
        var result = await store.CompleteAsync(outcome, write, cancellationToken).ConfigureAwait(false);
        if (!result.Acknowledged.Contains(job.Id))
        {
            Log.StaleOutcome(logger, job.Id, job.Run, JobState.Completed);
            throw new StaleJobException(job.Id, job.Worker, job.Run);
        }

        IsCompleted = true;
        if (held.TryTake(job))
            held.Forget(job.Id, job.Run);
        foreach (var batch in result.ClosedBatches)
            Log.BatchClosed(logger, batch);
        signals.Wake(result.CallbackQueues);
    }
}
