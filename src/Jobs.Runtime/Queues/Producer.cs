using Jobs.Generated;
using Jobs.Nodes;
using Jobs.Store;
using Microsoft.Extensions.Logging;

namespace Jobs.Queues;

/// <summary>Claims the jobs of one queue, never more than the queue can start soon.</summary>
sealed class Producer(
    WorkedQueue worked, JobsOptions options, WorkerRegistry workers, JobStore store, Node node, HeldJobs held, UnknownJobs unknown,
    Acknowledger acknowledger, Admission admission, Quarantine quarantine, QueueSignals signals, Pulse pulse, TimeProvider time, ILogger logger)
{
    /// <summary>How many jobs one claim takes at most.</summary>
    public const int LargestClaim = 2_000;

    /// <summary>How long a job may take to return when its token has fired. After that it is given back all the same.</summary>
    public static readonly TimeSpan TimeToObeyToken = TimeSpan.FromSeconds(2);

    readonly string _queue = worked.Name;
    readonly Slots _slots = worked.Slots;
    readonly IReadOnlyList<string> _workers = workers.Names;
    readonly Pace _pace = new(time);
    int _failures;

    /// <summary>Claims and starts jobs until <paramref name="stopping"/>.</summary>
    /// <param name="stopping">Ends the claiming; what runs goes on, and what was claimed ahead goes back.</param>
    /// <param name="cancelled">Fires when the host will not wait for running jobs any longer.</param>
    public async Task RunAsync(CancellationToken stopping, CancellationToken cancelled)
    {
        try
        {
            while (!stopping.IsCancellationRequested)
            {
                pulse.Rest();
                await WhenRunningAsync(stopping).ConfigureAwait(false);
                var room = await RoomAsync(stopping).ConfigureAwait(false);
                if (!worked.IsRunning)
                    continue;
                var claimed = await ClaimAdmittedAsync(room, stopping, cancelled).ConfigureAwait(false);
                pulse.Expect(Backoff.Longest * 2);
                if (_failures > 0)
                    await Task.Delay(Backoff.AfterError(_failures), stopping).ConfigureAwait(false);
                else if (claimed < room)
                    await WhenWokenAsync(stopping).ConfigureAwait(false);
            }
        }
        finally
        {
            await _slots.GiveBackReadyAsync().ConfigureAwait(false);
        }
    }

    // What a claim that was under way had still brought goes back with the rest.
    async Task WhenRunningAsync(CancellationToken stopping)
    {
        while (!worked.IsRunning)
        {
            using var ends = CancellationTokenSource.CreateLinkedTokenSource(stopping, worked.Changes);
            var state = worked.State;
            await _slots.GiveBackReadyAsync().ConfigureAwait(false);
            try
            {
                if (state == QueueState.Stopped)
                    await StopRunningAsync(ends.Token).ConfigureAwait(false);
                if (state != QueueState.Running)
                    await Task.Delay(Timeout.InfiniteTimeSpan, ends.Token).ConfigureAwait(false);
            }
            catch (OperationCanceledException) when (!stopping.IsCancellationRequested)
            {
            }
        }
    }

    async Task StopRunningAsync(CancellationToken ends)
    {
        await Task.Delay(options.ShutdownGrace, time, ends).ConfigureAwait(false);
        held.CancelAll(_queue);
        await Task.Delay(TimeToObeyToken, time, ends).ConfigureAwait(false);
        var rest = held.TakeAll(_queue);
        await acknowledger.GiveBackAsync(rest).ConfigureAwait(false);
        Log.GaveBackOfQueue(logger, _queue, rest);
    }

    // A queue of short jobs claims ahead of its slots, so that these never wait for a claim, and waits until half of that is used up, so that
    // a claim is worth its statement, and the other half runs meanwhile. One of long jobs claims for each slot as it becomes free. Where long jobs
    // follow upon short ones, what was claimed ahead goes back, for other nodes may have room.
    async Task<int> RoomAsync(CancellationToken stopping)
    {
        while (true)
        {
            var ahead = _pace.JobsAhead(_slots.Finished, _slots.Busy);
            var room = await _slots.WhenFreeAsync(ahead, Math.Max(1, ahead / 2), ReadyFor, stopping).ConfigureAwait(false);
            if (room > 0 || !worked.IsRunning)
                return Math.Min(room, LargestClaim);
            await _slots.GiveBackReadyAsync().ConfigureAwait(false);
        }
    }

    async Task<int> ClaimAdmittedAsync(int room, CancellationToken stopping, CancellationToken cancelled)
    {
        await admission.EnterAsync(stopping).ConfigureAwait(false);
        try
        {
            // After the room and the admission, for which a busy queue waits long: the lease of before may be lost.
            var lease = await node.LeaseAsync(stopping).ConfigureAwait(false);
            pulse.Expect(ClaimsWithin);
            var claim = await ClaimAsync(room, lease, cancelled).ConfigureAwait(false);
            if (claim.SuspectsWait)
                quarantine.Suspect();
            ClaimedJob[] jobs = [.. claim.Jobs.Where(held.TryAdd)];

            // The answer came when the host had begun to stop, or somebody the queue.
            if (stopping.IsCancellationRequested || !worked.IsRunning)
                await acknowledger.GiveBackAsync(jobs.Where(held.TryTake)).ConfigureAwait(false);
            else
                _slots.Start(jobs, lease);
            return claim.Jobs.Count;
        }
        finally
        {
            admission.Exit();
        }
    }

    // Not ended by the stopping of the host: a claim that is cut off may have committed, and its jobs would wait for the lease.
    async Task<ClaimResult> ClaimAsync(int room, NodeLease lease, CancellationToken cancelled)
    {
        try
        {
            await GiveBackUnknownAsync(lease, cancelled).ConfigureAwait(false);
            var claim = await store.ClaimAsync(_queue, _workers, room, lease.Id, cancelled).ConfigureAwait(false);
            _failures = 0;
            return claim;
        }
        catch (Exception exception) when (!cancelled.IsCancellationRequested)
        {
            _failures++;
            unknown.MayBeIn(_queue);
            Log.ClaimFailed(logger, exception, _queue);
            return ClaimResult.None;
        }
    }

    async Task GiveBackUnknownAsync(NodeLease lease, CancellationToken cancelled)
    {
        if (unknown.NextLook(_queue) != TimeSpan.Zero)
            return;

        // A job that starts where it is enqueued is stored before it is held.
        await worked.Starts.WhenQuietAsync().WaitAsync(cancelled).ConfigureAwait(false);
        var count = await store.GiveBackUnknownAsync(_queue, lease.Id, held.IdsOf(_queue), cancelled).ConfigureAwait(false);
        unknown.Looked(_queue);
        if (count > 0)
            Log.LostClaimGivenBack(logger, count, _queue);
    }

    // The last claim may have brought more than there are slots: whether those still wait is seen in time, woken or not.
    async Task WhenWokenAsync(CancellationToken stopping)
    {
        pulse.Rest();
        var longest = unknown.NextLook(_queue);
        if (_slots.HasReady && (longest > ReadyFor || longest == Timeout.InfiniteTimeSpan))
            longest = ReadyFor;
        worked.Starts.Open();
        try
        {
            await signals.WaitAsync(_queue, longest, stopping).ConfigureAwait(false);
        }
        finally
        {
            worked.Starts.Shut();
        }
    }

    // A job that was claimed ahead goes back when for so long there was no room: at the latest after twice this time.
    static readonly TimeSpan ReadyFor = TimeSpan.FromSeconds(1);

    // Longer than any statement may take by the default of Npgsql.
    static readonly TimeSpan ClaimsWithin = TimeSpan.FromMinutes(1);
}
