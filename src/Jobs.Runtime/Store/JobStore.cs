using System.Data.Common;

namespace Jobs.Store;

/// <summary>The one seam to the database: verbs, no SQL. Every store passes the conformance suite.</summary>
abstract class JobStore
{
    /// <summary>Brings the schema up to date. Safe when several nodes call it at once.</summary>
    /// <exception cref="SchemaException">It cannot be changed.</exception>
    public abstract Task MigrateAsync(CancellationToken cancellationToken);

    /// <summary>Refuses a schema that is older than this program.</summary>
    /// <exception cref="SchemaException">It is.</exception>
    public abstract Task RequireSchemaAsync(CancellationToken cancellationToken);

    /// <summary>Stores one job.</summary>
    public abstract Task<EnqueuedJob> EnqueueAsync(NewJob job, EnqueueTerms terms, CancellationToken cancellationToken);

    /// <summary>Stores one job, due and not unique, as one that a node has claimed at once.</summary>
    /// <param name="job">The job.</param>
    /// <param name="node">The node, which holds it from then on.</param>
    /// <param name="cancellationToken">Cancels the statement, which may have been committed.</param>
    /// <returns>The job as a claim would have returned it.</returns>
    public abstract Task<ClaimedJob> EnqueueStartedAsync(NewJob job, Guid node, CancellationToken cancellationToken);

    /// <summary>Stores jobs in one transaction, all or none, and returns them in the order given.</summary>
    /// <param name="jobs">Read once, in chunks.</param>
    /// <param name="terms">How they are stored.</param>
    /// <param name="cancellationToken">Undoes everything.</param>
    public abstract Task<IReadOnlyList<EnqueuedJob>> EnqueueAsync(IAsyncEnumerable<NewJob> jobs, EnqueueTerms terms, CancellationToken cancellationToken);

    /// <summary>Stores a batch and its jobs in one transaction, sealed.</summary>
    /// <param name="batch">The batch.</param>
    /// <param name="jobs">The members; read once, in chunks.</param>
    /// <param name="listeners">Asked after the last member has been read: who is told, at most one of each kind.</param>
    /// <param name="terms">How it is stored.</param>
    /// <param name="cancellationToken">Undoes everything.</param>
    /// <exception cref="BatchExistsException">Nothing was inserted.</exception>
    /// <exception cref="BatchNotFoundException">There is no such parent. Nothing was inserted.</exception>
    /// <exception cref="BatchSealedException">The parent takes no members any more. Nothing was inserted.</exception>
    public abstract Task<BatchRef> EnqueueBatchAsync(
        NewBatch batch, IAsyncEnumerable<NewJob> jobs, Func<IReadOnlyList<BatchListener>> listeners, EnqueueTerms terms, CancellationToken cancellationToken);

    /// <summary>Stores a batch that has no jobs yet, and takes some until it is sealed.</summary>
    /// <inheritdoc cref="EnqueueBatchAsync" path="/exception"/>
    public abstract Task<BatchRef> OpenBatchAsync(
        NewBatch batch, IReadOnlyList<BatchListener> listeners, EnqueueTerms terms, CancellationToken cancellationToken);

    /// <summary>Adds jobs to an open batch, all or none.</summary>
    /// <param name="id">The batch's id.</param>
    /// <param name="jobs">Read once, in chunks.</param>
    /// <param name="listeners">Asked after the last job has been read: who is told besides those who are already.</param>
    /// <param name="terms">How they are stored.</param>
    /// <param name="cancellationToken">Undoes everything.</param>
    /// <returns>The batch as it is now.</returns>
    /// <exception cref="BatchNotFoundException">Nothing was inserted.</exception>
    /// <exception cref="BatchSealedException">It is sealed, or was cancelled. Nothing was inserted.</exception>
    /// <exception cref="InvalidOperationException">Another worker was found among the members that came before. Nothing was inserted.</exception>
    public abstract Task<BatchRef> AddToBatchAsync(
        string id, IAsyncEnumerable<NewJob> jobs, Func<IReadOnlyList<BatchListener>> listeners, EnqueueTerms terms, CancellationToken cancellationToken);

    /// <summary>Seals a batch: no more jobs come. It closes if all it has have ended. Sealing it again changes nothing.</summary>
    /// <exception cref="BatchNotFoundException">There is none with this id.</exception>
    public abstract Task<SealResult> SealBatchAsync(string id, EnqueueTerms terms, CancellationToken cancellationToken);

    /// <summary>Marks a batch whose members are to be cancelled, and those of them that execute.</summary>
    /// <returns>What it did; <see langword="null"/> if there is none with this id.</returns>
    public abstract Task<BatchCancelResult?> CancelBatchAsync(string id, CancellationToken cancellationToken);

    /// <summary>What the leader has to do for batches.</summary>
    public abstract Task<BatchWork> FindBatchWorkAsync(int limit, CancellationToken cancellationToken);

    /// <summary>Seals a batch that was cancelled, and marks the batches in it, before its members are cancelled.</summary>
    /// <returns>The queues in which callbacks were enqueued.</returns>
    public abstract Task<IReadOnlyList<string>> BeginBatchSweepAsync(long key, CancellationToken cancellationToken);

    /// <summary>Notes that all members of a cancelled batch have been cancelled, or told to end.</summary>
    public abstract Task EndBatchSweepAsync(long key, CancellationToken cancellationToken);

    /// <summary>Ends the time of an open batch, as its builder was not heard of for too long.</summary>
    /// <returns>The queues in which callbacks were enqueued; <see langword="null"/> if it was heard of in the meantime.</returns>
    public abstract Task<IReadOnlyList<string>?> ExpireBatchAsync(long key, CancellationToken cancellationToken);

    /// <summary>Counts batches that have closed in the batches whose members they are, and those in theirs.</summary>
    /// <returns>The queues in which callbacks were enqueued.</returns>
    public abstract Task<IReadOnlyList<string>> CountChildrenAsync(IReadOnlyCollection<long> closed, CancellationToken cancellationToken);

    /// <summary>Batches that have not closed, and whose counters nothing has changed for a while.</summary>
    /// <param name="quiet">For how long.</param>
    /// <param name="checkedBefore">And have not been checked for so long.</param>
    /// <param name="limit">How many at most.</param>
    /// <param name="cancellationToken">Cancels the statement.</param>
    public abstract Task<IReadOnlyList<long>> FindStalledBatchesAsync(TimeSpan quiet, TimeSpan checkedBefore, int limit, CancellationToken cancellationToken);

    /// <summary>Compares the counters of a batch with its rows, under its lock, and repairs them.</summary>
    /// <returns>What it found; <see langword="null"/> if the batch is gone or closed.</returns>
    public abstract Task<BatchCheck?> CheckBatchAsync(long key, CancellationToken cancellationToken);

    /// <summary>How far a batch is; <see langword="null"/> if there is none with this id.</summary>
    public abstract Task<BatchStatus?> FindBatchAsync(string id, CancellationToken cancellationToken);

    /// <summary>Has whoever listens by <see cref="ListenToBatchesAsync"/> told of the batch's end, and about each second of its progress, for so long.</summary>
    public abstract Task WatchBatchAsync(string id, TimeSpan during, CancellationToken cancellationToken);

    /// <summary>Listens for as long as its connection lives.</summary>
    /// <param name="listens">Called when it does.</param>
    /// <param name="changed">Called with the id of a batch that is watched, and has changed.</param>
    /// <param name="cancellationToken">Ends the listening.</param>
    public abstract Task ListenToBatchesAsync(Action listens, Action<string> changed, CancellationToken cancellationToken);

    /// <summary>A page of the batches that a filter means, the newest first.</summary>
    public abstract Task<BatchPage> ListBatchesAsync(BatchFilter filter, int limit, long? after, CancellationToken cancellationToken);

    /// <summary>
    /// Opens a batch for the failed members of one that has closed, with its callbacks and its metadata; or finds the one that a former call has
    /// opened and not sealed.
    /// </summary>
    /// <returns>Its id and key; <see langword="null"/> if the batch has no members that failed.</returns>
    /// <exception cref="BatchNotFoundException">There is none with this id.</exception>
    public abstract Task<(string Id, long Key)?> OpenRetryBatchAsync(string id, CancellationToken cancellationToken);

    /// <summary>Moves failed members of a batch that has closed into an open one, as if they were new.</summary>
    public abstract Task<ChangeResult> MoveFailedAsync(string id, long into, long after, int limit, CancellationToken cancellationToken);

    /// <summary>Takes up to <paramref name="limit"/> available jobs of a queue, most urgent first, for a node. Committed when it returns.</summary>
    /// <param name="queue">The queue.</param>
    /// <param name="workers">The workers that the node knows; rows of others stay as they are.</param>
    /// <param name="limit">How many the node can start soon.</param>
    /// <param name="node">Who takes them.</param>
    /// <param name="cancellationToken">A claim that is cancelled may have been committed; what nobody holds is rescued.</param>
    /// <remarks>
    /// It brings a few megabytes of args at most; for the jobs whose args it left out there is <see cref="ReadArgsAsync"/>.
    /// Jobs that a node died with are left to <see cref="ClaimSuspectAsync"/>. A crash of the server may undo a claim; then the same run may be
    /// given out again, to another node.
    /// </remarks>
    public abstract Task<ClaimResult> ClaimAsync(
        string queue, IReadOnlyList<string> workers, int limit, Guid node, CancellationToken cancellationToken);

    /// <summary>Takes one available job that a node died with, the one with the fewest crashes; <see langword="null"/> if there is none.</summary>
    public abstract Task<ClaimedJob?> ClaimSuspectAsync(
        IReadOnlyList<string> queues, IReadOnlyList<string> workers, Guid node, CancellationToken cancellationToken);

    /// <summary>Reads the args of a claimed job that did not come with the claim.</summary>
    /// <exception cref="InvalidArgsException">They are larger than a job's may be.</exception>
    /// <exception cref="StaleJobException">The job does not execute this run on this node any more.</exception>
    /// <exception cref="JobStoreException">Says whether they may be read later.</exception>
    public abstract Task<ReadOnlyMemory<byte>> ReadArgsAsync(ClaimedJob job, CancellationToken cancellationToken);

    /// <summary>Looks which queues have work for a node, what is said of them, and which of the jobs that it executes are to be cancelled.</summary>
    /// <param name="queues">The queues that the node works; at least one.</param>
    /// <param name="workers">The workers that it knows.</param>
    /// <param name="node">The node.</param>
    /// <param name="nodeName">What people call it.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public abstract Task<PollResult> PollAsync(
        IReadOnlyList<string> queues, IReadOnlyList<string> workers, Guid node, string nodeName, CancellationToken cancellationToken);

    /// <summary>
    /// Makes the jobs of a queue available again that execute on a node which does not know of them: a claim committed, and its answer was
    /// lost. Their attempts are given back. Called while no claim of the queue is under way.
    /// </summary>
    /// <returns>How many there were.</returns>
    public abstract Task<int> GiveBackUnknownAsync(string queue, Guid node, IReadOnlyList<long> known, CancellationToken cancellationToken);

    /// <summary>Records outcomes, each under its fence, and closes the batches whose last jobs they are, in one statement.</summary>
    /// <param name="outcomes">At most one per job.</param>
    /// <param name="cancellationToken">A statement that is cancelled may have been committed; repeating it changes nothing twice.</param>
    /// <exception cref="JobStoreException">Says whether the same statement may succeed later.</exception>
    public abstract Task<AcknowledgeResult> AcknowledgeAsync(IReadOnlyList<Acknowledgement> outcomes, CancellationToken cancellationToken);

    /// <summary>As <see cref="AcknowledgeAsync"/>, but waits no longer than so for a row that another transaction holds.</summary>
    /// <returns><see langword="null"/> if it would have had to: then nothing is changed.</returns>
    /// <exception cref="JobStoreException">Says whether the same statement may succeed later.</exception>
    public abstract Task<AcknowledgeResult?> TryAcknowledgeAsync(IReadOnlyList<Acknowledgement> outcomes, TimeSpan longestWait, CancellationToken cancellationToken);

    /// <summary>Which of these jobs another transaction holds now, or the batch of which they are members.</summary>
    /// <exception cref="JobStoreException">Says whether the same statement may succeed later.</exception>
    public abstract Task<IReadOnlySet<long>> FindHeldAsync(IReadOnlyList<long> jobs, CancellationToken cancellationToken);

    /// <summary>Records one outcome in a transaction with the caller's writes, which come first. All is rolled back if the outcome was stale.</summary>
    public abstract Task<AcknowledgeResult> CompleteAsync(
        Acknowledgement outcome, Func<DbTransaction, CancellationToken, Task> write, CancellationToken cancellationToken);

    /// <summary>Cancels jobs that wait, and has those that execute be cancelled: see <see cref="JobChange"/>.</summary>
    public abstract Task<ChangeResult> CancelAsync(JobSelection jobs, CancellationToken cancellationToken);

    /// <summary>
    /// Makes finished jobs, and those that wait for their time, available. One whose attempts are used up gets another. A finished member of a
    /// batch is counted back into it; if the batch is closed, it stays as it is.
    /// </summary>
    public abstract Task<ChangeResult> RetryAsync(JobSelection jobs, CancellationToken cancellationToken);

    /// <summary>Deletes jobs that do not execute, and frees their unique keys. A member that has not ended counts as cancelled in its batch.</summary>
    public abstract Task<ChangeResult> DeleteAsync(JobSelection jobs, CancellationToken cancellationToken);

    /// <summary>Changes jobs that wait; with new args, only those of the args' worker.</summary>
    public abstract Task<ChangeResult> EditAsync(JobSelection jobs, JobEdit edit, CancellationToken cancellationToken);

    /// <summary>A page of the jobs that a filter means, by their ids; of large ones fewer than <paramref name="limit"/>, and one at least.</summary>
    public abstract Task<JobPage> ListAsync(JobFilter filter, int limit, long? after, JobOrder order, CancellationToken cancellationToken);

    /// <summary>Counts the jobs that a filter means, up to <paramref name="limit"/>.</summary>
    public abstract Task<JobCount> CountAsync(JobFilter filter, int limit, CancellationToken cancellationToken);

    /// <summary>Counts the jobs of each queue that have not ended, up to <paramref name="limit"/> of each.</summary>
    public abstract Task<IReadOnlyList<QueueCounts>> CountQueuesAsync(int limit, CancellationToken cancellationToken);

    /// <summary>Which of some jobs have ended, or are not there.</summary>
    public abstract Task<IReadOnlyList<long>> FindEndedAsync(IReadOnlyCollection<long> ids, CancellationToken cancellationToken);

    /// <summary>Makes up to <paramref name="limit"/> due jobs available, the longest due first, and returns their queues and how many there were.</summary>
    /// <remarks>A step of a walk: it looks behind <paramref name="after"/> only, past the dead index entries that the steps before have left.</remarks>
    public abstract Task<StageResult> StageAsync(WalkMark after, int limit, CancellationToken cancellationToken);

    /// <inheritdoc cref="StageAsync(WalkMark, int, CancellationToken)"/>
    public Task<StageResult> StageAsync(int limit, CancellationToken cancellationToken) => StageAsync(WalkMark.Start, limit, cancellationToken);

    /// <summary>Says whether the jobs of a queue, or of all, are claimed on the nodes of a name, or on all. The last word counts.</summary>
    /// <returns>How many living nodes it concerns.</returns>
    public abstract Task<int> SetQueueStateAsync(string? queue, string? node, QueueState state, CancellationToken cancellationToken);

    /// <summary>Says how many jobs of a queue run at once on a node, in the manner of <see cref="SetQueueStateAsync"/>.</summary>
    /// <param name="queue">The queue, or all.</param>
    /// <param name="node">The nodes' name, or all.</param>
    /// <param name="concurrency">How many; <see langword="null"/> for each host's own number.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <returns>How many living nodes it concerns.</returns>
    public abstract Task<int> ScaleQueueAsync(string? queue, string? node, int? concurrency, CancellationToken cancellationToken);

    /// <summary>The queues that living nodes work, or of which something is said, by name.</summary>
    public abstract Task<IReadOnlyList<QueueStatus>> GetQueuesAsync(CancellationToken cancellationToken);

    /// <summary>Forgets what was said of nodes that no sweep has found alive for <paramref name="age"/>.</summary>
    public abstract Task SweepQueueSettingsAsync(TimeSpan age, CancellationToken cancellationToken);

    /// <summary>Tells every listener, soon, that queues have work. A hint, which may be lost.</summary>
    public abstract Task NotifyAsync(IReadOnlyCollection<string> queues, CancellationToken cancellationToken);

    /// <summary>Tells every listener, soon, that something was said of queues, or of jobs that execute. A hint, which may be lost.</summary>
    public abstract Task NotifyControlAsync(CancellationToken cancellationToken);

    /// <summary>Listens to the hints of others until <paramref name="cancellationToken"/>, or until they cannot be heard any more, which throws.</summary>
    /// <param name="hasWork">Called with the name of a queue.</param>
    /// <param name="control">Called when something was said of queues, or of jobs that execute.</param>
    /// <param name="alive">Called when it is known that hints are heard, with the time until it is known again, and whether it is the first time.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public abstract Task ListenAsync(Action<string> hasWork, Action control, Action<TimeSpan, bool> alive, CancellationToken cancellationToken);

    /// <summary>Makes a node the leader, or prolongs its lead, if no other node leads.</summary>
    public abstract Task<Election> ElectAsync(Guid node, TimeSpan lease, CancellationToken cancellationToken);

    /// <summary>Ends the lead of a node, if it has it.</summary>
    public abstract Task ResignAsync(Guid node, CancellationToken cancellationToken);

    /// <summary>Tells the others that a node lives, until its lease runs out.</summary>
    public abstract Task RegisterNodeAsync(NodeRow node, TimeSpan lease, CancellationToken cancellationToken);

    /// <summary>Renews a node's lease, if it has not run out, and stores how far jobs of the node are, each under its fence. Waits for no job's row.</summary>
    public abstract Task<Renewal> RenewNodeAsync(
        Guid node, TimeSpan lease, IReadOnlyList<ProgressReport> progress, CancellationToken cancellationToken);

    /// <summary>Takes a node that stops out of the list.</summary>
    public abstract Task RemoveNodeAsync(Guid node, CancellationToken cancellationToken);

    /// <summary>Declares nodes whose lease has run out dead, and frees up to <paramref name="limit"/> jobs of dead nodes.</summary>
    public abstract Task<RescueResult> RescueAsync(int limit, CancellationToken cancellationToken);

    /// <summary>Available jobs that no living node takes: none of those that work their queue knows their worker. At most 100 such groups.</summary>
    public abstract Task<IReadOnlyList<Stranded>> FindStrandedAsync(CancellationToken cancellationToken);

    /// <summary>
    /// Deletes jobs that have ended and are as old as <paramref name="rule"/> says, the oldest first, and frees the keys that they held for as
    /// long as they were there. Members of unfinished batches stay. One step of a walk: it looks at <paramref name="limit"/> jobs at most.
    /// </summary>
    /// <param name="rule">Which jobs.</param>
    /// <param name="after">Where the last step came to.</param>
    /// <param name="limit">How many to look at. A step that saw fewer is the last.</param>
    /// <param name="cancellationToken">A step that is cancelled may have been committed; repeating it deletes nothing twice.</param>
    public abstract Task<PruneResult> PruneAsync(PruneRule rule, WalkMark after, int limit, CancellationToken cancellationToken);

    /// <summary>Deletes batches that closed <paramref name="age"/> ago or earlier, and whose callback has ended; a step of a walk, as <see cref="PruneAsync"/>.</summary>
    public abstract Task<PruneResult> PruneBatchesAsync(TimeSpan age, WalkMark after, int limit, CancellationToken cancellationToken);

    /// <summary>Deletes unique keys that nobody holds any more; a step of a walk in the order of the keys, which looks at <paramref name="limit"/> of them.</summary>
    public abstract Task<KeySweepResult> SweepKeysAsync(Guid after, int limit, CancellationToken cancellationToken);
}
