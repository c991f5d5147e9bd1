using System.Data.Common;
using Jobs.Store;

namespace Jobs.Microbench.Outcomes;

/// <summary>A store that takes every outcome at once, and is asked nothing else.</summary>
sealed class TakingStore : JobStore
{
    long _taken;
    (long Count, TaskCompletionSource Reached) _awaited = (long.MaxValue, new TaskCompletionSource());

    /// <summary>Completes when so many more outcomes have been taken. Called before the first of them is given.</summary>
    public Task WhenTakenAsync(int more)
    {
        _awaited = (Interlocked.Read(ref _taken) + more, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        return _awaited.Reached.Task;
    }

    public override Task<AcknowledgeResult?> TryAcknowledgeAsync(IReadOnlyList<Acknowledgement> outcomes, TimeSpan longestWait, CancellationToken cancellationToken)
    {
        var result = new AcknowledgeResult(outcomes.Select(static outcome => outcome.Id).ToHashSet(), new HashSet<long>(), [], []);
        if (Interlocked.Add(ref _taken, outcomes.Count) >= _awaited.Count)
            _awaited.Reached.TrySetResult();
        return Task.FromResult<AcknowledgeResult?>(result);
    }

    public override Task MigrateAsync(CancellationToken cancellationToken) => throw NotAsked();

    public override Task RequireSchemaAsync(CancellationToken cancellationToken) => throw NotAsked();

    public override Task<EnqueuedJob> EnqueueAsync(NewJob job, EnqueueTerms terms, CancellationToken cancellationToken) => throw NotAsked();

    public override Task<ClaimedJob> EnqueueStartedAsync(NewJob job, Guid node, CancellationToken cancellationToken) => throw NotAsked();

    public override Task<IReadOnlyList<EnqueuedJob>> EnqueueAsync(IAsyncEnumerable<NewJob> jobs, EnqueueTerms terms, CancellationToken cancellationToken) => throw NotAsked();

    public override Task<BatchRef> EnqueueBatchAsync(NewBatch batch, IAsyncEnumerable<NewJob> jobs, Func<IReadOnlyList<BatchListener>> listeners, EnqueueTerms terms, CancellationToken cancellationToken) => throw NotAsked();

    public override Task<BatchRef> OpenBatchAsync(NewBatch batch, IReadOnlyList<BatchListener> listeners, EnqueueTerms terms, CancellationToken cancellationToken) => throw NotAsked();

    public override Task<BatchRef> AddToBatchAsync(string id, IAsyncEnumerable<NewJob> jobs, Func<IReadOnlyList<BatchListener>> listeners, EnqueueTerms terms, CancellationToken cancellationToken) => throw NotAsked();

    public override Task<SealResult> SealBatchAsync(string id, EnqueueTerms terms, CancellationToken cancellationToken) => throw NotAsked();

    public override Task<BatchCancelResult?> CancelBatchAsync(string id, CancellationToken cancellationToken) => throw NotAsked();

    public override Task<BatchWork> FindBatchWorkAsync(int limit, CancellationToken cancellationToken) => throw NotAsked();

    public override Task<IReadOnlyList<string>> BeginBatchSweepAsync(long key, CancellationToken cancellationToken) => throw NotAsked();

    public override Task EndBatchSweepAsync(long key, CancellationToken cancellationToken) => throw NotAsked();

    public override Task<IReadOnlyList<string>?> ExpireBatchAsync(long key, CancellationToken cancellationToken) => throw NotAsked();

    public override Task<IReadOnlyList<string>> CountChildrenAsync(IReadOnlyCollection<long> closed, CancellationToken cancellationToken) => throw NotAsked();

    public override Task<IReadOnlyList<long>> FindStalledBatchesAsync(TimeSpan quiet, TimeSpan checkedBefore, int limit, CancellationToken cancellationToken) => throw NotAsked();

    public override Task<BatchCheck?> CheckBatchAsync(long key, CancellationToken cancellationToken) => throw NotAsked();

    public override Task<BatchStatus?> FindBatchAsync(string id, CancellationToken cancellationToken) => throw NotAsked();

    public override Task WatchBatchAsync(string id, TimeSpan during, CancellationToken cancellationToken) => throw NotAsked();

    public override Task ListenToBatchesAsync(Action listens, Action<string> changed, CancellationToken cancellationToken) => throw NotAsked();

    public override Task<BatchPage> ListBatchesAsync(BatchFilter filter, int limit, long? after, CancellationToken cancellationToken) => throw NotAsked();

    public override Task<(string Id, long Key)?> OpenRetryBatchAsync(string id, CancellationToken cancellationToken) => throw NotAsked();

    public override Task<ChangeResult> MoveFailedAsync(string id, long into, long after, int limit, CancellationToken cancellationToken) => throw NotAsked();

    public override Task<ClaimResult> ClaimAsync(string queue, IReadOnlyList<string> workers, int limit, Guid node, CancellationToken cancellationToken) => throw NotAsked();

    public override Task<ClaimedJob?> ClaimSuspectAsync(IReadOnlyList<string> queues, IReadOnlyList<string> workers, Guid node, CancellationToken cancellationToken) => throw NotAsked();

    public override Task<ReadOnlyMemory<byte>> ReadArgsAsync(ClaimedJob job, CancellationToken cancellationToken) => throw NotAsked();

    public override Task<PollResult> PollAsync(IReadOnlyList<string> queues, IReadOnlyList<string> workers, Guid node, string nodeName, CancellationToken cancellationToken) => throw NotAsked();

    public override Task<int> GiveBackUnknownAsync(string queue, Guid node, IReadOnlyList<long> known, CancellationToken cancellationToken) => throw NotAsked();

    public override Task<AcknowledgeResult> AcknowledgeAsync(IReadOnlyList<Acknowledgement> outcomes, CancellationToken cancellationToken) => throw NotAsked();

    public override Task<IReadOnlySet<long>> FindHeldAsync(IReadOnlyList<long> jobs, CancellationToken cancellationToken) => throw NotAsked();

    public override Task<AcknowledgeResult> CompleteAsync(Acknowledgement outcome, Func<DbTransaction, CancellationToken, Task> write, CancellationToken cancellationToken) => throw NotAsked();

    public override Task<ChangeResult> CancelAsync(JobSelection jobs, CancellationToken cancellationToken) => throw NotAsked();

    public override Task<ChangeResult> RetryAsync(JobSelection jobs, CancellationToken cancellationToken) => throw NotAsked();

    public override Task<ChangeResult> DeleteAsync(JobSelection jobs, CancellationToken cancellationToken) => throw NotAsked();

    public override Task<ChangeResult> EditAsync(JobSelection jobs, JobEdit edit, CancellationToken cancellationToken) => throw NotAsked();

    public override Task<JobPage> ListAsync(JobFilter filter, int limit, long? after, JobOrder order, CancellationToken cancellationToken) => throw NotAsked();

    public override Task<JobCount> CountAsync(JobFilter filter, int limit, CancellationToken cancellationToken) => throw NotAsked();

    public override Task<IReadOnlyList<QueueCounts>> CountQueuesAsync(int limit, CancellationToken cancellationToken) => throw NotAsked();

    public override Task<IReadOnlyList<long>> FindEndedAsync(IReadOnlyCollection<long> ids, CancellationToken cancellationToken) => throw NotAsked();

    public override Task<StageResult> StageAsync(WalkMark after, int limit, CancellationToken cancellationToken) => throw NotAsked();

    public override Task<int> SetQueueStateAsync(string? queue, string? node, QueueState state, CancellationToken cancellationToken) => throw NotAsked();

    public override Task<int> ScaleQueueAsync(string? queue, string? node, int? concurrency, CancellationToken cancellationToken) => throw NotAsked();

    public override Task<IReadOnlyList<QueueStatus>> GetQueuesAsync(CancellationToken cancellationToken) => throw NotAsked();

    public override Task SweepQueueSettingsAsync(TimeSpan age, CancellationToken cancellationToken) => throw NotAsked();

    public override Task NotifyAsync(IReadOnlyCollection<string> queues, CancellationToken cancellationToken) => throw NotAsked();

    public override Task NotifyControlAsync(CancellationToken cancellationToken) => throw NotAsked();

    public override Task ListenAsync(Action<string> hasWork, Action control, Action<TimeSpan, bool> alive, CancellationToken cancellationToken) => throw NotAsked();

    public override Task<Election> ElectAsync(Guid node, TimeSpan lease, CancellationToken cancellationToken) => throw NotAsked();

    public override Task ResignAsync(Guid node, CancellationToken cancellationToken) => throw NotAsked();

    public override Task RegisterNodeAsync(NodeRow node, TimeSpan lease, CancellationToken cancellationToken) => throw NotAsked();

    public override Task<Renewal> RenewNodeAsync(Guid node, TimeSpan lease, IReadOnlyList<ProgressReport> progress, CancellationToken cancellationToken) => throw NotAsked();

    public override Task RemoveNodeAsync(Guid node, CancellationToken cancellationToken) => throw NotAsked();

    public override Task<RescueResult> RescueAsync(int limit, CancellationToken cancellationToken) => throw NotAsked();

    public override Task<IReadOnlyList<Stranded>> FindStrandedAsync(CancellationToken cancellationToken) => throw NotAsked();

    public override Task<PruneResult> PruneAsync(PruneRule rule, WalkMark after, int limit, CancellationToken cancellationToken) => throw NotAsked();

    public override Task<PruneResult> PruneBatchesAsync(TimeSpan age, WalkMark after, int limit, CancellationToken cancellationToken) => throw NotAsked();

    public override Task<KeySweepResult> SweepKeysAsync(Guid after, int limit, CancellationToken cancellationToken) => throw NotAsked();

    static NotSupportedException NotAsked() => new("This store takes outcomes, and nothing else.");
}
