using System.Diagnostics.CodeAnalysis;
using Jobs.Generated;
using Jobs.Nodes;
using Jobs.Store;

namespace Jobs.Queues;

/// <summary>Starts a job on the node that enqueues it, in the statement that stores it, where its queue waits for work and has a free slot.</summary>
/// <remarks>It saves the claim, the wake before it, and the notification of other nodes. In the store the job is one that was claimed at once.</remarks>
sealed class LocalStarts(
    JobStore store, WorkerRegistry workers, WorkedQueues worked, Node node, HeldJobs held, Admission admission, UnknownJobs unknown, Acknowledger acknowledger)
{
    // They come back with the statement, as jsonb writes them. More than so many are not worth the way back.
    const int LargestArgs = 64 * 1024;

    /// <summary>Stores a job and starts it; <see langword="null"/> if it is to be stored for whoever claims it.</summary>
    /// <exception cref="InvalidArgsException">PostgreSQL cannot store the args; nothing was stored.</exception>
    /// <exception cref="DatabaseUnavailableException">PostgreSQL cannot be reached; nothing was stored.</exception>
    public async ValueTask<EnqueuedJob?> TryEnqueueAsync(NewJob job, CancellationToken cancellationToken)
    {
        if (!IsPlain(job) || !TryEnter(job, out var queue, out var lease))
            return null;

        ClaimedJob? started = null;
        try
        {
            var stored = await store.EnqueueStartedAsync(job, lease.Id, cancellationToken).ConfigureAwait(false);
            started = held.TryAdd(stored) ? stored : throw new InvalidOperationException($"The new job {stored.Id} is held already.");
        }
        catch (Exception exception) when (MayBeStored(exception))
        {
            unknown.MayBeIn(queue.Name);
            throw;
        }
        finally
        {
            admission.Exit();
            queue.Starts.Exit();
            if (started is null)
                queue.Slots.FreeTaken();
        }

        await StartAsync(started, queue, lease).ConfigureAwait(false);
        return new EnqueuedJob(started.Id, IsNew: true);
    }

    // A unique one has to win its key first, and a later one waits.
    static bool IsPlain(NewJob job) =>
        job is { ScheduleAt: null, ScheduleIn: null, Key: null, Unique: null } && job.Args.Length <= LargestArgs;

    bool TryEnter(NewJob job, [NotNullWhen(true)] out WorkedQueue? queue, [NotNullWhen(true)] out NodeLease? lease)
    {
        (queue, lease) = (worked.Find(job.Queue), null);
        if (queue is null || !workers.TryGet(job.Worker, out _) || !queue.Starts.TryEnter())
            return false;
        if (admission.TryEnter())
        {
            lease = node.PresentLease;
            if (lease is not null && queue.IsRunning && queue.Slots.TryTake())
                return true;
            admission.Exit();
        }

        queue.Starts.Exit();
        return false;
    }

    // Somebody may have stopped the queue meanwhile. The host waits for the job, as it has its slot.
    async Task StartAsync(ClaimedJob job, WorkedQueue queue, NodeLease lease)
    {
        if (queue.IsRunning)
        {
            queue.Slots.StartTaken(job, lease);
            return;
        }

        if (held.TryTake(job))
            await acknowledger.GiveBackAsync([job]).ConfigureAwait(false);
        queue.Slots.FreeTaken();
    }

    // Of a statement whose token fired or whose connection broke nobody knows. What was refused is not there, and looking for it costs little.
    static bool MayBeStored(Exception exception) => exception is not (InvalidArgsException or DatabaseUnavailableException);
}
