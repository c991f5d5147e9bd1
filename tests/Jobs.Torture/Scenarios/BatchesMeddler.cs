using System.Collections.Concurrent;
using System.Globalization;
using Jobs.Torture.Work;

namespace Jobs.Torture.Scenarios;

/// <summary>Cancels, deletes and retries by hand what nodes work on.</summary>
sealed class BatchesMeddler(JobClient client, CancellationToken cancellationToken)
{
    const int AtOnce = 4;
    const int MembersOfEach = 20;

    static readonly TimeSpan Often = TimeSpan.FromMilliseconds(250);

    readonly SemaphoreSlim _places = new(AtOnce);
    readonly ConcurrentBag<Task> _tasks = [];
    readonly ConcurrentDictionary<long, bool> _cancelled = new();
    readonly ConcurrentDictionary<long, bool> _deleted = new();
    readonly ConcurrentDictionary<string, long> _counts = new(Kinds.Select(static kind => KeyValuePair.Create(kind, 0L)));

    const string BatchesCancelled = "batches cancelled";
    const string MembersCancelled = "members cancelled";
    const string MembersDeleted = "members deleted";
    const string MembersRetried = "members retried in their batch";
    const string MembersMoved = "members moved on to a new batch";

    static IEnumerable<string> Kinds => [BatchesCancelled, MembersCancelled, MembersDeleted, MembersRetried, MembersMoved];

    /// <summary>The members that it wanted to cancel, whatever became of it.</summary>
    public IReadOnlySet<long> Cancelled => _cancelled.Keys.ToHashSet();

    /// <summary>The members that it wanted to delete, whatever became of it.</summary>
    public IReadOnlySet<long> Deleted => _deleted.Keys.ToHashSet();

    public string Counts => string.Join(", ", Kinds.Select(kind => string.Create(CultureInfo.InvariantCulture, $"{_counts[kind]} {kind}")));

    /// <summary>What it has not come to do.</summary>
    public IReadOnlyList<string> Missing => [.. Kinds.Where(kind => _counts[kind] == 0)];

    /// <summary>Does to a batch what the plan says, in its time.</summary>
    public void Begin(PlannedBatch batch)
    {
        if (batch.Meddling is var (what, after))
            _tasks.Add(Task.Run(() => MeddleAsync(batch, what, after), cancellationToken));
    }

    public Task EndAsync() => Task.WhenAll(_tasks);

    async Task MeddleAsync(PlannedBatch batch, Meddling what, TimeSpan after)
    {
        await Task.Delay(after, cancellationToken);
        if (what is Meddling.RetryFailed)
            await FailureAsync(batch.Id);
        await _places.WaitAsync(cancellationToken);
        try
        {
            switch (what)
            {
                case Meddling.CancelBatch:
                    Count(BatchesCancelled, await client.CancelBatchAsync(batch.Id, cancellationToken) ? 1 : 0);
                    break;
                case Meddling.CancelMembers:
                    await CancelAsync(batch.Id);
                    break;
                case Meddling.DeleteMembers:
                    await DeleteAsync(batch.Id);
                    break;
                case Meddling.RetryFailed:
                    var retry = await client.RetryFailedAsync(batch.Id, cancellationToken: cancellationToken);
                    Count(retry.BatchId == batch.Id ? MembersRetried : MembersMoved, retry.Retried);
                    break;
            }
        }
        finally
        {
            _places.Release();
        }
    }

    /// <summary>Returns when something has failed in a batch, or it has ended.</summary>
    async Task FailureAsync(string batch)
    {
        while (await client.GetBatchAsync(batch, cancellationToken) is { IsClosed: false, Cancelled: 0, Discarded: 0 })
            await Task.Delay(Often, cancellationToken);
    }

    async Task CancelAsync(string batch)
    {
        foreach (var job in await SomeAsync(batch, [JobState.Available, JobState.Scheduled, JobState.Executing, JobState.Retryable]))
        {
            _cancelled[job] = true;
            Count(MembersCancelled, (await client.CancelAsync(job, cancellationToken)).IsDone ? 1 : 0);
        }
    }

    async Task DeleteAsync(string batch)
    {
        foreach (var job in await SomeAsync(batch, Enum.GetValues<JobState>()))
        {
            _deleted[job] = true;
            Count(MembersDeleted, (await client.DeleteAsync(job, cancellationToken)).IsDone ? 1 : 0);
        }
    }

    async Task<IEnumerable<long>> SomeAsync(string batch, IReadOnlyCollection<JobState> states) =>
        (await client.ListAsync(new JobFilter { Batch = batch, States = states }, MembersOfEach, cancellationToken: cancellationToken)).Jobs.Select(static job => job.Id);

    void Count(string kind, long times) => _counts.AddOrUpdate(kind, times, (_, count) => count + times);
}
