using Jobs.Nodes;
using Jobs.Queues;
using Jobs.Store;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Jobs.Leadership;

/// <summary>Makes one node of all the leader, by the database's clock, and has it do what one node can do for all.</summary>
/// <remarks>
/// The lead saves work, and nothing more: each of the duties is right whoever does it, and however many at once. The leader's lease is as
/// long as a node's, and who waits for it asks as soon as it may have run out.
/// </remarks>
sealed class LeaderElection(JobStore store, Node node, IOptions<JobsOptions> options, TimeProvider time, ILogger<LeaderElection> logger)
{
    static readonly TimeSpan ResignsWithin = TimeSpan.FromSeconds(5);

    readonly TimeSpan _lease = options.Value.NodeLease;

    /// <summary>Stands for election until <paramref name="stopping"/>, and runs <paramref name="duties"/> while this node leads.</summary>
    public async Task RunAsync(Pulse pulse, Func<CancellationToken, Task> duties, CancellationToken stopping)
    {
        Lead? lead = null;
        try
        {
            for (var failures = 0; !stopping.IsCancellationRequested;)
            {
                pulse.Rest();
                var id = (await node.LeaseAsync(stopping).ConfigureAwait(false)).Id;
                pulse.Expect(_lease * 2 + Backoff.Longest);
                var askedAt = time.GetTimestamp();
                TimeSpan wait;
                try
                {
                    using var answer = CancellationTokenSource.CreateLinkedTokenSource(stopping);
                    answer.CancelAfter(_lease / 3);
                    var election = await store.ElectAsync(id, _lease, answer.Token).ConfigureAwait(false);
                    failures = 0;
                    lead = await FollowAsync(election, lead, id, askedAt, duties, stopping).ConfigureAwait(false);
                    wait = election.IsLeader ? _lease / 3 : UntilVacant(election);
                }
                catch (Exception exception) when (!stopping.IsCancellationRequested)
                {
                    Log.ElectionFailed(logger, exception);
                    wait = Shorter(_lease / 3, Backoff.AfterError(++failures));
                }

                await Task.Delay(wait, time, stopping).ConfigureAwait(false);
            }
        }
        finally
        {
            if (lead is not null)
            {
                await lead.EndAsync().ConfigureAwait(false);
                await ResignAsync(lead.Id).ConfigureAwait(false);
            }
        }
    }

    // At once, not when the node leaves: while its last jobs run, another one can lead.
    async Task ResignAsync(Guid id)
    {
        try
        {
            using var timeout = new CancellationTokenSource(ResignsWithin);
            await store.ResignAsync(id, timeout.Token).ConfigureAwait(false);
        }
        catch (Exception exception)
        {
            Log.ResignationFailed(logger, exception);
        }
    }

    async Task<Lead?> FollowAsync(Election election, Lead? lead, Guid id, long askedAt, Func<CancellationToken, Task> duties, CancellationToken stopping)
    {
        if (lead is not null && !(election.IsLeader && lead.TryProlong(_lease, askedAt)))
        {
            await lead.EndAsync().ConfigureAwait(false);
            Log.LostLead(logger, lead.Id);
            lead = null;
        }

        if (election.IsLeader && lead is null)
        {
            Log.BecameLeader(logger, id);
            lead = new Lead(id, _lease, askedAt, duties, time, stopping);
        }

        return lead;
    }

    // As soon as the present lead may have run out, and not with all the others at once.
    TimeSpan UntilVacant(Election election)
    {
        var left = election.ExpiresIn > TimeSpan.Zero ? election.ExpiresIn : TimeSpan.Zero;
        return Shorter(_lease / 3, left + TimeSpan.FromMilliseconds(Random.Shared.Next(20, 120)));
    }

    static TimeSpan Shorter(TimeSpan one, TimeSpan other) => one < other ? one : other;

    /// <summary>One term of this node as the leader. It ends, by the monotonic clock, before another node can be elected.</summary>
    sealed class Lead
    {
        readonly CancellationTokenSource _expires;
        readonly CancellationTokenSource _ends;
        readonly TimeProvider _time;
        readonly Task _duties;

        public Lead(Guid id, TimeSpan lease, long askedAt, Func<CancellationToken, Task> duties, TimeProvider time, CancellationToken stopping)
        {
            Id = id;
            _time = time;
            _expires = new CancellationTokenSource(Left(lease, askedAt), time);
            _ends = CancellationTokenSource.CreateLinkedTokenSource(_expires.Token, stopping);
            _duties = Task.Run(() => duties(_ends.Token), CancellationToken.None);
        }

        public Guid Id { get; }

        /// <returns><see langword="false"/> if the term has ended before; that stays so.</returns>
        public bool TryProlong(TimeSpan lease, long askedAt)
        {
            _expires.CancelAfter(Left(lease, askedAt));
            return !_ends.IsCancellationRequested;
        }

        public async Task EndAsync()
        {
            await _ends.CancelAsync().ConfigureAwait(false);
            await _duties.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            _ends.Dispose();
            _expires.Dispose();
        }

        TimeSpan Left(TimeSpan lease, long askedAt)
        {
            var left = lease - lease / 6 - _time.GetElapsedTime(askedAt);
            return left > TimeSpan.Zero ? left : TimeSpan.Zero;
        }
    }
}
