using Jobs.Store;

namespace Jobs;

public sealed partial class JobClient
{
    // A statement locks its jobs, and the rows of their batches, until it commits; acknowledgements of the same jobs wait so long.
    const int ChangedAtOnce = 1_000;

    /// <summary>Stops a job on purpose.</summary>
    /// <param name="id">The job's id.</param>
    /// <param name="cancellationToken">Gives up waiting for the answer.</param>
    /// <returns>
    /// <see cref="JobChangeOutcome.Done"/> if the job waited and is cancelled now; or if it runs: then its token fires within a second, wherever
    /// it runs, and what becomes of it is cancelled, unless it still returns normally, which completes it, or discards itself.
    /// <see cref="JobChangeOutcome.WrongState"/> if it has ended.
    /// </returns>
    /// <exception cref="DatabaseUnavailableException">PostgreSQL cannot be reached.</exception>
    public async Task<JobChange> CancelAsync(long id, CancellationToken cancellationToken = default)
    {
        var change = await ChangeAsync(_store.CancelAsync, id, static _ => JobChangeOutcome.WrongState, cancellationToken).ConfigureAwait(false);
        if (change.State == JobState.Executing)
            _control.Tell();

        // One that somebody has asked to end already is cancelled too.
        return change.State == JobState.Executing ? new JobChange(JobChangeOutcome.Done, JobState.Executing) : change;
    }

    /// <summary>Stops every job that a filter means and that has not ended: see <see cref="CancelAsync(long, CancellationToken)"/>.</summary>
    /// <param name="filter">Which jobs.</param>
    /// <param name="progress">Hears how many have been cancelled, after each thousand.</param>
    /// <param name="cancellationToken">Stops between two statements, of up to a thousand jobs each. What was cancelled stays so.</param>
    /// <returns>How many jobs were cancelled, those included that run and are about to end.</returns>
    /// <exception cref="ArgumentException">The filter has no condition, and is not <see cref="JobFilter.All"/>.</exception>
    /// <exception cref="DatabaseUnavailableException">PostgreSQL cannot be reached. What was cancelled before stays so.</exception>
    public async Task<long> CancelAsync(JobFilter filter, IProgress<long>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(filter);
        filter.RefuseToMeanAllByAccident();

        // Those that wait first: a statement that had both would hold a running member of a batch while it waits for the batch's row, which that
        // member may hold in a transaction of its own.
        var waiting = await ChangeAllAsync(_store.CancelAsync, OnlyIn(filter, IsWaiting), progress, cancellationToken).ConfigureAwait(false);
        var running = await ChangeAllAsync(
            async (jobs, token) =>
            {
                var result = await _store.CancelAsync(jobs, token).ConfigureAwait(false);
                if (result.Jobs.Any(static job => job.IsChanged))
                    _control.Tell();
                return result;
            },
            OnlyIn(filter, static state => state is JobState.Executing),
            progress is null ? null : new ProgressBehind(progress, waiting),
            cancellationToken).ConfigureAwait(false);
        return waiting + running;
    }

    static JobFilter OnlyIn(JobFilter filter, Func<JobState, bool> states) =>
        filter with { States = [.. (filter.States ?? Enum.GetValues<JobState>()).Where(states)] };

    /// <summary>Goes on with the count of a part before, once there is something to add to it.</summary>
    sealed class ProgressBehind(IProgress<long> progress, long before) : IProgress<long>
    {
        public void Report(long value)
        {
            if (value > 0)
                progress.Report(before + value);
        }
    }

    /// <summary>Runs a job again that has ended, or now one that waits for its time.</summary>
    /// <param name="id">The job's id.</param>
    /// <param name="cancellationToken">Gives up waiting for the answer.</param>
    /// <returns>
    /// <see cref="JobChangeOutcome.Done"/> if it is available now: its errors are kept, its output is not, and if its attempts were used up it has
    /// one more. In a batch that has not ended a finished member is counted back. <see cref="JobChangeOutcome.BatchClosed"/> if its batch
    /// has ended; <see cref="JobChangeOutcome.KeyTaken"/> if it has ended, and another job holds its unique key by now;
    /// <see cref="JobChangeOutcome.WrongState"/> if it is available or executing.
    /// </returns>
    /// <exception cref="DatabaseUnavailableException">PostgreSQL cannot be reached.</exception>
    public Task<JobChange> RetryAsync(long id, CancellationToken cancellationToken = default) =>
        ChangeAsync(
            _store.RetryAsync,
            id,
            static state => state is JobState.Available or JobState.Executing ? JobChangeOutcome.WrongState : JobChangeOutcome.BatchClosed,
            cancellationToken);

    /// <summary>Runs every job again that a filter means and that can be retried: see <see cref="RetryAsync(long, CancellationToken)"/>.</summary>
    /// <param name="filter">Which jobs. Without <see cref="JobFilter.States"/> it means completed ones too.</param>
    /// <param name="progress">Hears how many are available now, after each thousand.</param>
    /// <param name="cancellationToken">Stops between two statements, of up to a thousand jobs each. What was retried stays so.</param>
    /// <returns>How many jobs were made available. Members of batches that have ended are not among them, nor jobs whose keys others hold.</returns>
    /// <exception cref="ArgumentException">The filter has no condition, and is not <see cref="JobFilter.All"/>.</exception>
    /// <exception cref="DatabaseUnavailableException">PostgreSQL cannot be reached. What was retried before stays so.</exception>
    public Task<long> RetryAsync(JobFilter filter, IProgress<long>? progress = null, CancellationToken cancellationToken = default) =>
        ChangeByStageAsync(_store.RetryAsync, filter, progress, cancellationToken);

    /// <summary>Deletes a job that does not run.</summary>
    /// <param name="id">The job's id.</param>
    /// <param name="cancellationToken">Gives up waiting for the answer.</param>
    /// <returns>
    /// <see cref="JobChangeOutcome.Done"/> if it is gone, and its unique key free. In its batch it counts as what it was, and as cancelled if it
    /// had not ended. <see cref="JobChangeOutcome.WrongState"/> if it runs: cancel it first.
    /// </returns>
    /// <exception cref="DatabaseUnavailableException">PostgreSQL cannot be reached.</exception>
    public Task<JobChange> DeleteAsync(long id, CancellationToken cancellationToken = default) =>
        ChangeAsync(_store.DeleteAsync, id, static _ => JobChangeOutcome.WrongState, cancellationToken);

    /// <summary>Deletes every job that a filter means and that does not run: see <see cref="DeleteAsync(long, CancellationToken)"/>.</summary>
    /// <param name="filter">Which jobs.</param>
    /// <param name="progress">Hears how many are gone, after each thousand.</param>
    /// <param name="cancellationToken">Stops between two statements, of up to a thousand jobs each. What was deleted stays so.</param>
    /// <returns>How many jobs were deleted.</returns>
    /// <exception cref="ArgumentException">The filter has no condition, and is not <see cref="JobFilter.All"/>.</exception>
    /// <exception cref="DatabaseUnavailableException">PostgreSQL cannot be reached. What was deleted before stays so.</exception>
    public Task<long> DeleteAsync(JobFilter filter, IProgress<long>? progress = null, CancellationToken cancellationToken = default) =>
        ChangeByStageAsync(_store.DeleteAsync, filter, progress, cancellationToken);

    /// <summary>Changes a job that waits: for its time, for its queue, or for its next attempt.</summary>
    /// <param name="id">The job's id.</param>
    /// <param name="edit">What to change.</param>
    /// <param name="cancellationToken">Gives up waiting for the answer.</param>
    /// <returns>
    /// <see cref="JobChangeOutcome.Done"/> if all of it is changed; <see cref="JobChangeOutcome.WrongState"/> if the job runs or has ended;
    /// <see cref="JobChangeOutcome.OtherWorker"/> if the new args are not of its worker.
    /// </returns>
    /// <exception cref="ArgumentException">The edit changes nothing, or has two schedules.</exception>
    /// <exception cref="InvalidArgsException">PostgreSQL cannot store the args, which a converter wrote; nothing was changed.</exception>
    /// <exception cref="DatabaseUnavailableException">PostgreSQL cannot be reached.</exception>
    public Task<JobChange> EditAsync(long id, JobEdit edit, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(edit);
        edit.Check();
        return ChangeAsync(
            (jobs, token) => _store.EditAsync(jobs, edit, token),
            id,
            state => IsWaiting(state) ? JobChangeOutcome.OtherWorker : JobChangeOutcome.WrongState,
            cancellationToken);
    }

    /// <summary>Changes every job that a filter means and that waits: see <see cref="EditAsync(long, JobEdit, CancellationToken)"/>.</summary>
    /// <param name="filter">Which jobs. With new args, only those of the args' worker are meant.</param>
    /// <param name="edit">What to change.</param>
    /// <param name="progress">Hears how many have been changed, after each thousand.</param>
    /// <param name="cancellationToken">Stops between two statements, of up to a thousand jobs each. What was changed stays so.</param>
    /// <returns>How many jobs were changed.</returns>
    /// <exception cref="ArgumentException">
    /// The filter has no condition, and is not <see cref="JobFilter.All"/>; or the edit changes nothing, or has two schedules.
    /// </exception>
    /// <exception cref="InvalidArgsException">PostgreSQL cannot store the args, which a converter wrote; nothing was changed.</exception>
    /// <exception cref="DatabaseUnavailableException">PostgreSQL cannot be reached. What was changed before stays so.</exception>
    public Task<long> EditAsync(JobFilter filter, JobEdit edit, IProgress<long>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(edit);
        edit.Check();
        return ChangeAllAsync((jobs, token) => _store.EditAsync(jobs, edit, token), filter, progress, cancellationToken);
    }

    async Task<JobChange> ChangeAsync(
        Func<JobSelection, CancellationToken, Task<ChangeResult>> change, long id, Func<JobState, JobChangeOutcome> refused, CancellationToken cancellationToken)
    {
        var result = await change(JobSelection.One(id), cancellationToken).ConfigureAwait(false);
        Tell(result);
        return result.Jobs switch
        {
            [] => JobChange.NotFound,
            [{ IsChanged: true } job] => new JobChange(JobChangeOutcome.Done, job.State),
            [{ IsKeyTaken: true } job] => new JobChange(JobChangeOutcome.KeyTaken, job.State),
            [var job, ..] => new JobChange(refused(job.State), job.State),
        };
    }

    // The members of a batch that wait and those that have ended are in an index each, and none has both in the order of their ids.
    async Task<long> ChangeByStageAsync(
        Func<JobSelection, CancellationToken, Task<ChangeResult>> change, JobFilter filter, IProgress<long>? progress, CancellationToken cancellationToken)
    {
        if (filter is not { Batch: not null, Ids: null })
            return await ChangeAllAsync(change, filter, progress, cancellationToken).ConfigureAwait(false);
        var waiting = await ChangeAllAsync(change, OnlyIn(filter, IsWaiting), progress, cancellationToken).ConfigureAwait(false);
        var ended = await ChangeAllAsync(
            change, OnlyIn(filter, HasEnded), progress is null ? null : new ProgressBehind(progress, waiting), cancellationToken).ConfigureAwait(false);
        return waiting + ended;
    }

    async Task<long> ChangeAllAsync(
        Func<JobSelection, CancellationToken, Task<ChangeResult>> change, JobFilter filter, IProgress<long>? progress, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(filter);
        filter.RefuseToMeanAllByAccident();
        var changed = 0L;
        for (var after = long.MinValue; ;)
        {
            var result = await change(new JobSelection(filter, after, ChangedAtOnce), cancellationToken).ConfigureAwait(false);
            Tell(result);
            changed += result.Jobs.Count(job => job.IsChanged);
            progress?.Report(changed);
            if (result.Jobs.Count < ChangedAtOnce)
                return changed;
            after = result.Jobs[^1].Id;
        }
    }

    void Tell(ChangeResult result)
    {
        _signals.Wake(result.Queues);
        foreach (var job in result.Jobs)
            _waits.MayHaveEnded(job.Id);
    }

    static bool HasEnded(JobState state) => state is JobState.Completed or JobState.Cancelled or JobState.Discarded;

    static bool IsWaiting(JobState state) => state is JobState.Scheduled or JobState.Available or JobState.Retryable;
}
