using System.Data.Common;
using Jobs.Store;
using Microsoft.Extensions.Logging;

namespace Jobs;

/// <summary>Every line that Jobs logs. None has a value of a job's args, nor the message of an exception that user code threw.</summary>
static partial class Log
{
    [LoggerMessage(1, LogLevel.Information, "Jobs started as node {Node} ({Name}) with a lease of {Lease}.")]
    public static partial void NodeRegistered(ILogger logger, Guid node, string name, TimeSpan lease);

    [LoggerMessage(2, LogLevel.Information, "Queue \"{Queue}\" started with concurrency {Concurrency}.")]
    public static partial void QueueStarted(ILogger logger, string queue, int concurrency);

    [LoggerMessage(3, LogLevel.Information, "Jobs stopped claiming and waits up to {Grace} for running jobs.")]
    public static partial void Draining(ILogger logger, TimeSpan grace);

    // Every id is told, in lines that a log can take.
    const int IdsInLine = 500;

    public static void GaveBack(ILogger logger, IReadOnlyList<ClaimedJob> jobs)
    {
        foreach (var some in jobs.Chunk(IdsInLine))
            GaveBack(logger, some.Length, string.Join(", ", some.Select(job => job.Id)));
    }

    [LoggerMessage(4, LogLevel.Warning, "Gave back {Count} jobs that did not end when the host stopped; they run again elsewhere. Ids: {JobIds}.")]
    static partial void GaveBack(ILogger logger, int count, string jobIds);

    public static void OutcomesLost(ILogger logger, IReadOnlyList<long> jobs)
    {
        foreach (var some in jobs.Chunk(IdsInLine))
            OutcomesLost(logger, some.Length, string.Join(", ", some));
    }

    [LoggerMessage(5, LogLevel.Error, "{Count} outcomes could not be acknowledged before the host stopped; their jobs are rescued and run again. Ids: {JobIds}.")]
    static partial void OutcomesLost(ILogger logger, int count, string jobIds);

    public static void RemovalFailed(ILogger logger, Exception exception) => RemovalFailed(logger, Unexpected(exception), Reason(exception));

    [LoggerMessage(6, LogLevel.Warning, "The node's row could not be removed; its lease runs out instead: {Reason}")]
    static partial void RemovalFailed(ILogger logger, Exception? exception, string reason);

    [LoggerMessage(7, LogLevel.Error, "{Role} failed in a way that it does not know, and starts again.")]
    public static partial void RoleFailed(ILogger logger, Exception exception, string role);

    [LoggerMessage(8, LogLevel.Information, "This host works no queue: it enqueues jobs, and others run them. AddQueue makes it run them too.")]
    public static partial void OnlyEnqueues(ILogger logger);

    [LoggerMessage(10, LogLevel.Debug, "Job {JobId} ({Worker}, queue \"{Queue}\") started attempt {Attempt}.")]
    public static partial void JobStarted(ILogger logger, long jobId, string worker, string queue, int attempt);

    [LoggerMessage(11, LogLevel.Debug, "Job {JobId} ({Worker}, queue \"{Queue}\") became {State} after {Elapsed}.")]
    public static partial void JobEnded(ILogger logger, long jobId, string worker, string queue, JobState state, TimeSpan elapsed);

    [LoggerMessage(12, LogLevel.Warning, "Job {JobId} ({Worker}, queue \"{Queue}\") failed attempt {Attempt} of {MaxAttempts} with {Error} and is retried in {Delay}. The errors of its row say more.")]
    public static partial void JobFailed(ILogger logger, long jobId, string worker, string queue, int attempt, int maxAttempts, string? error, TimeSpan delay);

    [LoggerMessage(13, LogLevel.Error, "Job {JobId} ({Worker}, queue \"{Queue}\") was discarded after attempt {Attempt} of {MaxAttempts} with {Error}. The errors of its row say more.")]
    public static partial void JobDiscarded(ILogger logger, long jobId, string worker, string queue, int attempt, int maxAttempts, string? error);

    [LoggerMessage(14, LogLevel.Error, "Job {JobId} left the executor without an outcome. This is a fault of Jobs; the job is rescued when the node stops.")]
    public static partial void ExecutorFailed(ILogger logger, Exception exception, long jobId);

    [LoggerMessage(15, LogLevel.Warning, "What job {JobId} had registered with its cancellation token threw {Error}.")]
    public static partial void TokenCallbackFailed(ILogger logger, long jobId, string? error);

    [LoggerMessage(16, LogLevel.Warning, "Job {JobId} ({Worker}) threw {Error} after it had completed itself in a transaction. It stays completed.")]
    public static partial void FailedAfterCompletion(ILogger logger, long jobId, string worker, string? error);

    public static void ClaimFailed(ILogger logger, Exception exception, string queue) => ClaimFailed(logger, Unexpected(exception), queue, Reason(exception));

    [LoggerMessage(20, LogLevel.Warning, "Queue \"{Queue}\" could not claim jobs, and tries again: {Reason}")]
    static partial void ClaimFailed(ILogger logger, Exception? exception, string queue, string reason);

    public static void PollFailed(ILogger logger, Exception exception) => PollFailed(logger, Unexpected(exception), Reason(exception));

    [LoggerMessage(60, LogLevel.Warning, "The node could not look for jobs and cancels, and tries again: {Reason}")]
    static partial void PollFailed(ILogger logger, Exception? exception, string reason);

    [LoggerMessage(61, LogLevel.Information, "Queue \"{Queue}\" is {State} now.")]
    public static partial void QueueStateChanged(ILogger logger, string queue, QueueState state);

    [LoggerMessage(62, LogLevel.Information, "Queue \"{Queue}\" runs {Concurrency} jobs at once now.")]
    public static partial void QueueScaled(ILogger logger, string queue, int concurrency);

    public static void GaveBackOfQueue(ILogger logger, string queue, IReadOnlyList<ClaimedJob> jobs)
    {
        foreach (var some in jobs.Chunk(IdsInLine))
            GaveBackOfQueue(logger, some.Length, queue, string.Join(", ", some.Select(job => job.Id)));
    }

    [LoggerMessage(64, LogLevel.Information, "Jobs was told to stop before it had started, and worked no queue.")]
    public static partial void StoppedBeforeStart(ILogger logger);

    [LoggerMessage(63, LogLevel.Warning, "Gave back {Count} jobs of queue \"{Queue}\" that did not end when it was stopped; they run again elsewhere, or when it is resumed. Ids: {JobIds}.")]
    static partial void GaveBackOfQueue(ILogger logger, int count, string queue, string jobIds);

    public static void AcknowledgeFailed(ILogger logger, Exception exception, int count) => AcknowledgeFailed(logger, Unexpected(exception), count, Reason(exception));

    [LoggerMessage(21, LogLevel.Warning, "{Count} outcomes could not be acknowledged, and are sent again: {Reason}")]
    static partial void AcknowledgeFailed(ILogger logger, Exception? exception, int count, string reason);

    public static void OutcomesWait(ILogger logger, long job, string? batch)
    {
        if (batch is null)
            OutcomeWaits(logger, job);
        else
            OutcomesWait(logger, batch);
    }

    [LoggerMessage(67, LogLevel.Information, "The outcome of job {JobId} waits for another transaction, which holds the job's row.")]
    static partial void OutcomeWaits(ILogger logger, long jobId);

    [LoggerMessage(68, LogLevel.Information, "Outcomes of batch \"{BatchId}\" wait for another transaction, which holds the batch; those of other jobs go on.")]
    static partial void OutcomesWait(ILogger logger, string batchId);

    [LoggerMessage(22, LogLevel.Error, "The outcome of job {JobId} was refused by the database; the job is given back, and runs again.")]
    public static partial void OutcomeRefused(ILogger logger, Exception exception, long jobId);

    [LoggerMessage(23, LogLevel.Warning, "The outcome of job {JobId}, run {Run}, came too late ({State}) and changed nothing: the job is no longer this node's.")]
    public static partial void StaleOutcome(ILogger logger, long jobId, long run, JobState state);

    [LoggerMessage(24, LogLevel.Debug, "Batch {BatchId} closed: its last job ended.")]
    public static partial void BatchClosed(ILogger logger, string batchId);

    [LoggerMessage(65, LogLevel.Information, "Batch {BatchId} was cancelled: {Waiting} of its jobs never run, and {Running} were told to end.")]
    public static partial void BatchCancelled(ILogger logger, string batchId, long waiting, long running);

    [LoggerMessage(66, LogLevel.Warning, "Batch {BatchId} waited for {Counted} jobs, and {Found} of them are there. Its counters were repaired: what is gone counts as cancelled. Were its rows changed with SQL?")]
    public static partial void BatchRepaired(ILogger logger, string batchId, int counted, int found);

    [LoggerMessage(69, LogLevel.Error, "Something was to be told once more of batches that had told it: {BatchIds}. The unique index kept it back. Were their rows changed with SQL? Else this is a fault of Jobs.")]
    public static partial void CallbacksDoubled(ILogger logger, string batchIds);

    [LoggerMessage(25, LogLevel.Information, "Gave back {Count} jobs of queue \"{Queue}\" that were claimed for this node, or stored as started here, by a statement whose answer was lost.")]
    public static partial void LostClaimGivenBack(ILogger logger, int count, string queue);

    [LoggerMessage(26, LogLevel.Debug, "Job {JobId} ({Worker}, queue \"{Queue}\") was held by a node that died, and now runs alone on this one.")]
    public static partial void SuspectStarted(ILogger logger, long jobId, string worker, string queue);

    [LoggerMessage(19, LogLevel.Information, "Ran {Count} jobs one by one that a node had died with; this node claimed no others for {Elapsed}.")]
    public static partial void SuspectsRan(ILogger logger, int count, TimeSpan elapsed);

    [LoggerMessage(50, LogLevel.Information, "Job {JobId} was cancelled when it ended: that was requested while it ran.")]
    public static partial void JobCancelled(ILogger logger, long jobId);

    [LoggerMessage(51, LogLevel.Error, "Job {JobId} ran, and the database refused its output, so that its attempt failed. The errors of its row say more.")]
    public static partial void OutputRefused(ILogger logger, long jobId);

    [LoggerMessage(52, LogLevel.Error, "Job {JobId} ({Worker}, queue \"{Queue}\") goes on {Grace} after its timeout of {Timeout}, though its token has fired. Its attempt failed; its code keeps a place of the queue until it returns. Does it look at its token?")]
    public static partial void TimeoutIgnored(ILogger logger, long jobId, string worker, string queue, TimeSpan timeout, TimeSpan grace);

    [LoggerMessage(53, LogLevel.Warning, "Job {JobId} ({Worker}) returned after {Elapsed}, when its time was over and its attempt had failed. Its outcome ({State}) was dropped.")]
    public static partial void LateOutcomeDropped(ILogger logger, long jobId, string worker, JobState state, TimeSpan elapsed);

    [LoggerMessage(54, LogLevel.Critical, "Every place of every queue of this host is taken by jobs that go on though their time is over, so it can run no job any more, and stops. Start it again, and have these jobs look at their tokens: the errors above name them.")]
    public static partial void AllSlotsStuck(ILogger logger);

    [LoggerMessage(55, LogLevel.Error, "The [Backoff] of {Worker} threw {Error} for job {JobId}, which waits for the default delay of {Delay}.")]
    public static partial void BackoffFailed(ILogger logger, long jobId, string worker, string? error, TimeSpan delay);

    [LoggerMessage(56, LogLevel.Error, "The [Backoff] of {Worker} returned {Returned} for job {JobId}, less than zero; it waits for the default delay of {Delay}.")]
    public static partial void BackoffNegative(ILogger logger, long jobId, string worker, TimeSpan returned, TimeSpan delay);

    public static void ListenFailed(ILogger logger, Exception exception) => ListenFailed(logger, Unexpected(exception), Reason(exception));

    [LoggerMessage(27, LogLevel.Warning, "Other nodes cannot be heard, so this one works by polling until they can. A reconnect is tried for as long as it takes: {Reason}")]
    static partial void ListenFailed(ILogger logger, Exception? exception, string reason);

    [LoggerMessage(28, LogLevel.Information, "Other nodes are heard again, after {Failures} failed tries.")]
    public static partial void ListensAgain(ILogger logger, int failures);

    [LoggerMessage(29, LogLevel.Debug, "Other nodes could not be told that {Count} queues have work, or to look; they find it by polling.")]
    public static partial void NotifyFailed(ILogger logger, Exception exception, int count);

    [LoggerMessage(30, LogLevel.Debug, "Staged {Count} jobs that were due.")]
    public static partial void JobsStaged(ILogger logger, int count);

    [LoggerMessage(31, LogLevel.Warning, "Node {Name} died: it did not renew its lease.")]
    public static partial void NodeDied(ILogger logger, string name);

    [LoggerMessage(32, LogLevel.Warning, "Rescued {Rescued} jobs of dead nodes, discarded {Discarded} that had seen too many nodes die, and cancelled {Cancelled} that were asked to end.")]
    public static partial void JobsRescued(ILogger logger, int rescued, int discarded, int cancelled);

    [LoggerMessage(33, LogLevel.Warning, "No node knows the worker \"{Worker}\": queue \"{Queue}\" has {Count} jobs of it, which stay available until a node that knows it joins. Was the worker renamed, or is its host not deployed?")]
    public static partial void WorkerUnknown(ILogger logger, string worker, string queue, long count);

    [LoggerMessage(18, LogLevel.Warning, "No node that knows the worker \"{Worker}\" works queue \"{Queue}\": {Count} jobs wait there, and stay available until one does. Is the queue's name misspelt, or missing an AddQueue(\"{Queue}\", …)?")]
    public static partial void QueueUnworked(ILogger logger, string queue, string worker, long count);

    [LoggerMessage(44, LogLevel.Debug, "Pruned {Jobs} jobs and {Batches} batches that had ended, and freed {Keys} unique keys that nobody held.")]
    public static partial void Pruned(ILogger logger, long jobs, long batches, long keys);

    public static void MaintenanceFailed(ILogger logger, Exception exception, string loop) => MaintenanceFailed(logger, Unexpected(exception), loop, Reason(exception));

    [LoggerMessage(34, LogLevel.Warning, "{Loop} failed, and tries again: {Reason}")]
    static partial void MaintenanceFailed(ILogger logger, Exception? exception, string loop, string reason);

    [LoggerMessage(35, LogLevel.Information, "Node {Node} leads: it stages, rescues, prunes and reports for all nodes.")]
    public static partial void BecameLeader(ILogger logger, Guid node);

    [LoggerMessage(36, LogLevel.Warning, "Node {Node} leads no longer: it could not renew its lead in time.")]
    public static partial void LostLead(ILogger logger, Guid node);

    public static void ElectionFailed(ILogger logger, Exception exception) => ElectionFailed(logger, Unexpected(exception), Reason(exception));

    [LoggerMessage(37, LogLevel.Warning, "The election of a leader failed, and is tried again: {Reason}")]
    static partial void ElectionFailed(ILogger logger, Exception? exception, string reason);

    [LoggerMessage(38, LogLevel.Warning, "{Loop} is late by {Late}: it should have shown a sign of life. Is the database slow, or the process short of threads?")]
    public static partial void LoopLate(ILogger logger, string loop, TimeSpan late);

    [LoggerMessage(39, LogLevel.Information, "{Loop} is in time again.")]
    public static partial void LoopInTime(ILogger logger, string loop);

    public static void RenewalFailed(ILogger logger, Exception exception) => RenewalFailed(logger, Unexpected(exception), Reason(exception));

    [LoggerMessage(40, LogLevel.Warning, "The node's lease could not be renewed, and is tried again: {Reason}")]
    static partial void RenewalFailed(ILogger logger, Exception? exception, string reason);

    [LoggerMessage(41, LogLevel.Error, "Node {Node} lost its lease: it could not renew it in time. Its running jobs were cancelled, and it comes back under a fresh id.")]
    public static partial void LeaseLost(ILogger logger, Guid node);

    public static void ResignationFailed(ILogger logger, Exception exception) => ResignationFailed(logger, Unexpected(exception), Reason(exception));

    [LoggerMessage(42, LogLevel.Warning, "The lead could not be given up; its lease runs out instead: {Reason}")]
    static partial void ResignationFailed(ILogger logger, Exception? exception, string reason);

    public static void WaitFailed(ILogger logger, Exception exception, int count) => WaitFailed(logger, Unexpected(exception), count, Reason(exception));

    [LoggerMessage(70, LogLevel.Warning, "It could not be seen whether {Count} jobs that somebody waits for have ended; they are waited for on: {Reason}")]
    static partial void WaitFailed(ILogger logger, Exception? exception, int count, string reason);

    public static void WatchFailed(ILogger logger, Exception exception) => WatchFailed(logger, Unexpected(exception), Reason(exception));

    [LoggerMessage(71, LogLevel.Warning, "The process does not hear of the batches that it watches; it looks each second, and tries to listen again: {Reason}")]
    static partial void WatchFailed(ILogger logger, Exception? exception, string reason);

    // Where the database is away the reason says all there is to know, and each loop says it at each try: no stack traces then.
    static Exception? Unexpected(Exception exception) =>
        exception is DatabaseUnavailableException or TimeoutException or OperationCanceledException or DbException { IsTransient: true }
            or JobStoreException { IsTransient: true }
            ? null
            : exception;

    static string Reason(Exception exception) => exception is DatabaseUnavailableException ? exception.Message : exception.GetBaseException().Message;
}
