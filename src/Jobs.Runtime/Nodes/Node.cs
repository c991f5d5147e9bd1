using Jobs.Generated;
using Jobs.Queues;
using Jobs.Store;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Jobs.Nodes;

/// <summary>This process among the others: a row with a lease, which is renewed while the process lives.</summary>
/// <remarks>
/// Who stops renewing is dead, and stays dead: a process that was away for too long (a pause, a cut network) cancels its jobs and comes
/// back under a fresh id.
/// </remarks>
sealed class Node(JobStore store, WorkerRegistry workers, ProgressReports progress, IOptions<JobsOptions> options, TimeProvider time, ILogger<Node> logger)
{
    readonly TimeSpan _lease = options.Value.NodeLease;
    volatile TaskCompletionSource<NodeLease> _current = new(TaskCreationOptions.RunContinuationsAsynchronously);
    Guid _reportedLost;

    /// <summary>How well the database can be reached, as the renewals tell.</summary>
    public Outage Outage { get; } = new(options.Value.NodeLease, time);

    /// <summary>The present lease; waits for one while the node has none.</summary>
    public async Task<NodeLease> LeaseAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            var lease = await _current.Task.WaitAsync(cancellationToken).ConfigureAwait(false);
            if (!lease.Lost.IsCancellationRequested)
                return lease;
            await WhenReplacedAsync(lease, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>The present lease; <see langword="null"/> while the node has none.</summary>
    public NodeLease? PresentLease
    {
        get
        {
            var current = _current.Task;
            return current.IsCompletedSuccessfully && !current.Result.Lost.IsCancellationRequested ? current.Result : null;
        }
    }

    public async Task RegisterAsync(CancellationToken cancellationToken)
    {
        var sentAt = time.GetTimestamp();
        var lease = new NodeLease(Guid.CreateVersion7(), _lease, time);
        var row = new NodeRow(lease.Id, options.Value.NodeName, [.. options.Value.Queues.OrderBy(queue => queue.Key, StringComparer.Ordinal)], workers.Names);
        await store.RegisterNodeAsync(row, _lease, cancellationToken).ConfigureAwait(false);
        lease.Renew(sentAt);

        var previous = _current;
        if (previous.Task.IsCompleted)
            _current = new TaskCompletionSource<NodeLease>(TaskCreationOptions.RunContinuationsAsynchronously);
        _current.SetResult(lease);
        Log.NodeRegistered(logger, lease.Id, row.Name, _lease);
    }

    /// <summary>Renews the lease until <paramref name="stopping"/>.</summary>
    public async Task RunAsync(Pulse pulse, CancellationToken stopping)
    {
        var failures = 0;
        while (!stopping.IsCancellationRequested)
        {
            pulse.Expect(_lease);
            await Task.Delay(failures == 0 ? _lease / 3 : Shorter(_lease / 10, Backoff.AfterError(failures)), time, stopping).ConfigureAwait(false);
            try
            {
                await RenewAsync(stopping).ConfigureAwait(false);
                Outage.Reached();
                failures = 0;
            }
            catch (Exception exception) when (!stopping.IsCancellationRequested)
            {
                failures++;
                Outage.Began();
                Log.RenewalFailed(logger, exception);
            }
        }
    }

    /// <summary>Takes the node's row away, and its lead if it has it, so that nobody waits for their leases. Called when nothing runs any more.</summary>
    public async Task RemoveAsync(CancellationToken cancellationToken)
    {
        if (!_current.Task.IsCompletedSuccessfully)
            return;
        var id = _current.Task.Result.Id;
        await store.ResignAsync(id, cancellationToken).ConfigureAwait(false);

        // A claim that the end of the grace cut off may have been committed; with the row gone, its jobs would count a crash.
        foreach (var queue in options.Value.Queues.Keys)
            await store.GiveBackUnknownAsync(queue, id, [], cancellationToken).ConfigureAwait(false);
        await store.RemoveNodeAsync(id, cancellationToken).ConfigureAwait(false);
    }

    // An answer that takes longer than a third of the lease is given up, so that there is time for another try.
    async Task RenewAsync(CancellationToken stopping)
    {
        using var answer = CancellationTokenSource.CreateLinkedTokenSource(stopping);
        answer.CancelAfter(_lease / 3);
        var lease = await _current.Task.ConfigureAwait(false);
        var sentAt = time.GetTimestamp();
        var renewed = !lease.Lost.IsCancellationRequested
            && await RenewAsync(lease, answer.Token).ConfigureAwait(false)
            && lease.Renew(sentAt);
        if (!renewed)
        {
            if (_reportedLost != lease.Id)
                Log.LeaseLost(logger, _reportedLost = lease.Id);
            lease.Lose();
            await RegisterAsync(stopping).ConfigureAwait(false);
        }
    }

    async Task<bool> RenewAsync(NodeLease lease, CancellationToken cancellationToken)
    {
        var reports = progress.TakeUnstored();
        var renewal = await store.RenewNodeAsync(lease.Id, _lease, reports, cancellationToken).ConfigureAwait(false);
        progress.Stored(reports, renewal.Stored);
        return renewal.IsRenewed;
    }

    async Task WhenReplacedAsync(NodeLease lease, CancellationToken cancellationToken)
    {
        while (_current.Task.IsCompleted && _current.Task.Result == lease)
            await Task.Delay(TimeSpan.FromMilliseconds(50), time, cancellationToken).ConfigureAwait(false);
    }

    static TimeSpan Shorter(TimeSpan one, TimeSpan other) => one < other ? one : other;
}
