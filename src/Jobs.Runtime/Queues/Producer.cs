using Jobs.Generated;
using Jobs.Nodes;
using Jobs.Store;
using Microsoft.Extensions.Logging;

namespace Jobs.Queues;

/// <summary>Claims the jobs of one queue and starts them, never more than the queue has room for.</summary>
sealed class Producer(
    string queue, int concurrency, JobsOptions options, WorkerRegistry workers, JobStore store, Node node,
    HeldJobs held, Executor executor, Acknowledger acknowledger, QueueSignals signals, TimeProvider time, ILogger logger)
{
    readonly SemaphoreSlim _room = new(concurrency);
    readonly IReadOnlyList<string> _workers = workers.Names;
    long _reconciledAt = time.GetTimestamp();
    int _failures;

    /// <summary>Claims and starts jobs until <paramref name="stopping"/>.</summary>
    /// <param name="stopping">Ends the claiming; what runs goes on.</param>
    /// <param name="cancelled">Fires when the host will not wait for running jobs any longer.</param>
    public async Task RunAsync(CancellationToken stopping, CancellationToken cancelled)
    {
        while (!stopping.IsCancellationRequested)
        {
            var room = await TakeRoomAsync(stopping).ConfigureAwait(false);
            var lease = await LeaseAsync(room, stopping).ConfigureAwait(false);
            var jobs = await ClaimAsync(room, lease, cancelled).ConfigureAwait(false);
            await StartAsync(jobs, lease, stopping, cancelled).ConfigureAwait(false);
            if (jobs.Count < room)
                _room.Release(room - jobs.Count);

            if (_failures > 0)
                await Task.Delay(Backoff.AfterError(_failures), stopping).ConfigureAwait(false);
            else if (jobs.Count < room)
                await signals.WaitAsync(queue, Jittered(options.PollInterval), stopping).ConfigureAwait(false);
        }
    }

    /// <summary>Waits until every job that was started has returned.</summary>
    public async Task DrainAsync(CancellationToken cancellationToken)
    {
        for (var i = 0; i < concurrency; i++)
            await _room.WaitAsync(cancellationToken).ConfigureAwait(false);
    }

    async Task<int> TakeRoomAsync(CancellationToken stopping)
    {
        await _room.WaitAsync(stopping).ConfigureAwait(false);
        var room = 1;
        while (room < concurrency && _room.Wait(0, CancellationToken.None))
            room++;
        return room;
    }

    // After the room, for which a busy queue waits long: the lease of before may be lost.
    async Task<NodeLease> LeaseAsync(int room, CancellationToken stopping)
    {
        try
        {
            return await node.LeaseAsync(stopping).ConfigureAwait(false);
        }
        catch
        {
            _room.Release(room);
            throw;
        }
    }

    // Not ended by the stopping of the host: a claim that is cut off may have committed, and its jobs would wait for the lease.
    async Task<IReadOnlyList<ClaimedJob>> ClaimAsync(int room, NodeLease lease, CancellationToken cancelled)
    {
        try
        {
            await GiveBackUnknownAsync(lease, cancelled).ConfigureAwait(false);
            var jobs = await store.ClaimAsync(queue, _workers, room, lease.Id, cancelled).ConfigureAwait(false);
            _failures = 0;
            return jobs;
        }
        catch (Exception exception) when (!cancelled.IsCancellationRequested)
        {
            _failures++;
            Log.ClaimFailed(logger, exception, queue);
            return [];
        }
    }

    // After a claim that failed, which may have committed, and each third of a lease, since the server may have committed it later.
    async Task GiveBackUnknownAsync(NodeLease lease, CancellationToken cancelled)
    {
        if (_failures == 0 && time.GetElapsedTime(_reconciledAt) < options.NodeLease / 3)
            return;

        var count = await store.GiveBackUnknownAsync(queue, lease.Id, held.IdsOf(queue), cancelled).ConfigureAwait(false);
        _reconciledAt = time.GetTimestamp();
        if (count > 0)
            Log.LostClaimGivenBack(logger, count, queue);
    }

    async Task StartAsync(IReadOnlyList<ClaimedJob> jobs, NodeLease lease, CancellationToken stopping, CancellationToken cancelled)
    {
        foreach (var job in jobs)
        {
            held.Add(job);
            if (stopping.IsCancellationRequested && held.TryTake(job))
            {
                await acknowledger.AcknowledgeAsync(new Acknowledgement(job.Id, job.Run, job.Node, JobState.Available)).ConfigureAwait(false);
                _room.Release();
                continue;
            }

            _ = Task.Run(() => RunAsync(job, lease, cancelled), CancellationToken.None);
        }
    }

    async Task RunAsync(ClaimedJob job, NodeLease lease, CancellationToken cancelled)
    {
        // A source of its own, cancelled on a thread of its own: what the job has registered with its token may block or throw, and
        // must hold up neither the node's timer nor its shutdown.
        var token = new CancellationTokenSource();
        await using var onLost = lease.Lost.UnsafeRegister(Cancel, null).ConfigureAwait(false);
        await using var onCancelled = cancelled.UnsafeRegister(Cancel, null).ConfigureAwait(false);
        if (lease.Lost.IsCancellationRequested || cancelled.IsCancellationRequested)
            await token.CancelAsync().ConfigureAwait(false);
        try
        {
            await executor.ExecuteAsync(job, token.Token).ConfigureAwait(false);
        }
        catch (Exception exception)
        {
            Log.ExecutorFailed(logger, exception, job.Id);
        }
        finally
        {
            _room.Release();
        }

        void Cancel(object? state) => _ = Task.Run(() => CancelAsync(token, job));
    }

    async Task CancelAsync(CancellationTokenSource token, ClaimedJob job)
    {
        try
        {
            await token.CancelAsync().ConfigureAwait(false);
        }
        catch (Exception exception)
        {
            Log.TokenCallbackFailed(logger, job.Id, exception.GetBaseException().GetType().FullName);
        }
    }

    // Nodes that started together do not poll together.
    static TimeSpan Jittered(TimeSpan interval) => interval * (0.9 + Random.Shared.NextDouble() / 5);
}
