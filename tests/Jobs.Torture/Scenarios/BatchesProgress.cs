using System.Diagnostics;
using System.Globalization;
using Jobs.Torture.Checking;
using Jobs.Torture.Work;

namespace Jobs.Torture.Scenarios;

/// <summary>How far the batches of a run are, for those who wait for it and for a person.</summary>
sealed class BatchesProgress(BatchPlan plan, Observer observer)
{
    const string Sql = """
        SELECT coalesce(sum(total - pending + CASE WHEN sealed_at IS NULL THEN 1 ELSE 0 END), 0)::bigint, count(*) FILTER (WHERE closed_at IS NOT NULL), count(*)
        FROM jobs.batches
        """;

    const string AreClosedSql = "SELECT NOT EXISTS (SELECT FROM jobs.batches WHERE closed_at IS NULL)";
    const string HaveEndedSql = "SELECT NOT EXISTS (SELECT FROM jobs.jobs WHERE state IN ('available', 'scheduled', 'retryable', 'executing'))";

    static readonly TimeSpan Often = TimeSpan.FromSeconds(0.5);
    static readonly TimeSpan Aloud = TimeSpan.FromSeconds(5);

    readonly Stopwatch _watch = Stopwatch.StartNew();
    long _stored;
    long _ended;

    /// <summary>How many members are stored and have not ended, about.</summary>
    public long Backlog => Interlocked.Read(ref _stored) - Interlocked.Read(ref _ended);

    /// <summary>Members have been stored.</summary>
    public void Stored(int members) => Interlocked.Add(ref _stored, members);

    /// <summary>Looks, and says it, until it is cancelled. Fails when nothing has ended for too long.</summary>
    public async Task WatchAsync(Func<int> kills, TimeSpan standstill, CancellationToken cancellationToken)
    {
        var (said, moved, before) = (_watch.Elapsed, _watch.Elapsed, (0L, 0L));
        while (!cancellationToken.IsCancellationRequested)
        {
            var (ended, closed, batches) = (await observer.ListAsync(Sql, [], static row => (row.GetInt64(0), row.GetInt64(1), row.GetInt64(2)), CancellationToken.None))[0];
            Interlocked.Exchange(ref _ended, ended);
            moved = (ended, closed) == before ? moved : _watch.Elapsed;
            before = (ended, closed);
            if (_watch.Elapsed - moved > standstill)
                throw new TimeoutException(string.Create(CultureInfo.InvariantCulture, $"No member has ended for {standstill.TotalSeconds} s: {ended} of {plan.Jobs} have, and {closed} of {batches} batches are closed."));
            if (_watch.Elapsed - said > Aloud)
            {
                said = _watch.Elapsed;
                Report.Progress($"  {said.TotalSeconds,5:0} s: {ended} of {plan.Jobs} jobs have ended, {closed} of {plan.Batches.Count} batches are closed, {kills()} kills");
            }

            await Task.Delay(Often, cancellationToken).ContinueWith(static _ => { }, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        }
    }

    /// <summary>Returns when a share of the members has ended.</summary>
    public async Task ReachAsync(double share, CancellationToken cancellationToken)
    {
        while (Interlocked.Read(ref _ended) < share * plan.Jobs)
            await Task.Delay(TimeSpan.FromMilliseconds(100), cancellationToken);
    }

    /// <summary>Returns when there is room for more members.</summary>
    public async Task WaitForRoomAsync(int atMost, CancellationToken cancellationToken)
    {
        while (Backlog > atMost)
            await Task.Delay(TimeSpan.FromMilliseconds(50), cancellationToken);
    }

    /// <summary>Returns when every batch is closed, and every job has ended.</summary>
    public async Task AllEndedAsync(CancellationToken cancellationToken)
    {
        foreach (var sql in (string[])[AreClosedSql, HaveEndedSql])
            while (!await observer.AskAsync<bool>(sql, [], cancellationToken))
                await Task.Delay(Often, cancellationToken);
    }
}
