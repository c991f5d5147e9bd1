using Jobs.Generated;
using Jobs.Nodes;
using Jobs.Store;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Jobs.Queues;

/// <summary>Runs the jobs that a node has died with, one at a time, while this node holds no other.</summary>
/// <remarks>
/// After a crash nobody can tell which of the node's jobs caused it, so each of them is a suspect. Alone on its node, a suspect that ends
/// clears nobody else, and one that kills its node once more takes nobody along.
/// </remarks>
sealed class Quarantine(
    JobStore store, WorkerRegistry workers, Node node, WorkedQueues worked, HeldJobs held, UnknownJobs unknown, Admission admission, Executor executor, Acknowledger acknowledger,
    QueueSignals signals, IOptions<JobsOptions> options, TimeProvider time, ILogger<Quarantine> logger)
{
    // A node whose jobs run long is closed in vain: then for a fifth of the time at most, and for twice as long at each try, so that suspects
    // wait long behind long jobs, but not for ever; unless these run longer than the longest patience.
    const int RestAfterVain = 4;
    static readonly TimeSpan LongestPatience = TimeSpan.FromHours(1);

    // Longer than any statement may take by the default of Npgsql.
    static readonly TimeSpan ClaimsWithin = TimeSpan.FromMinutes(1);

    readonly SemaphoreSlim _suspected = new(0);

    /// <summary>Somebody has seen that suspects wait.</summary>
    public void Suspect()
    {
        if (_suspected.CurrentCount == 0)
            _suspected.Release();
    }

    /// <summary>Runs suspects until <paramref name="stopping"/>; what runs goes on until it ends, or until <paramref name="cancelled"/>.</summary>
    public async Task RunAsync(Pulse pulse, CancellationToken stopping, CancellationToken cancelled)
    {
        string[] queues = [.. options.Value.Queues.Keys];
        var slot = new Slots(1, executor, held, acknowledger, cancelled, time, logger) { LeavesStuck = true };

        // The others first: a suspect may end the process once more, and should not end it before it has done anything.
        var rest = options.Value.PollInterval;
        var patience = options.Value.NodeLease;
        while (!stopping.IsCancellationRequested)
        {
            await Task.Delay(rest, time, stopping).ConfigureAwait(false);
            await _suspected.WaitAsync(stopping).ConfigureAwait(false);
            var closedAt = time.GetTimestamp();
            var inVain = !await admission.TryCloseAsync(patience, stopping).ConfigureAwait(false);
            if (!inVain)
            {
                try
                {
                    await RunSuspectsAsync(pulse, queues, slot, stopping).ConfigureAwait(false);
                }
                finally
                {
                    admission.Open();
                    signals.WakeHere(queues);
                }
            }

            rest = Longer(options.Value.PollInterval, time.GetElapsedTime(closedAt) * (inVain ? RestAfterVain : 1));
            patience = inVain ? Shorter(patience * 2, LongestPatience) : options.Value.NodeLease;
        }
    }

    async Task RunSuspectsAsync(Pulse pulse, string[] queues, Slots slot, CancellationToken stopping)
    {
        var startedAt = time.GetTimestamp();
        var count = 0;
        for (; !stopping.IsCancellationRequested && time.GetElapsedTime(startedAt) < options.Value.NodeLease; count++)
        {
            var lease = await node.LeaseAsync(stopping).ConfigureAwait(false);

            // The queues claim nothing meanwhile, and wait without a sign.
            pulse.Expect(ClaimsWithin);
            var suspect = await ClaimAsync(queues, lease).ConfigureAwait(false);
            pulse.Rest();
            if (suspect is null)
                break;

            Log.SuspectStarted(logger, suspect.Id, suspect.Worker, suspect.Queue);
            if (held.TryAdd(suspect))
                slot.Start([suspect], lease);
            await held.WhenEmptyAsync().ConfigureAwait(false);
        }

        if (count > 0)
            Log.SuspectsRan(logger, count, time.GetElapsedTime(startedAt));
    }

    // Not ended by the stopping of the host, like every claim. What a lost answer may have left under this node's id goes back first: a suspect
    // that kills the node would make suspects of it.
    async Task<ClaimedJob?> ClaimAsync(string[] queues, NodeLease lease)
    {
        try
        {
            foreach (var queue in queues.Where(unknown.MayBeSomeIn))
                await store.GiveBackUnknownAsync(queue, lease.Id, [], CancellationToken.None).ConfigureAwait(false);
            return await store.ClaimSuspectAsync(worked.Running, workers.Names, lease.Id, CancellationToken.None).ConfigureAwait(false);
        }
        catch (Exception)
        {
            foreach (var queue in queues)
                unknown.MayBeIn(queue);
            throw;
        }
    }

    static TimeSpan Shorter(TimeSpan one, TimeSpan other) => one < other ? one : other;

    static TimeSpan Longer(TimeSpan one, TimeSpan other) => one > other ? one : other;
}
