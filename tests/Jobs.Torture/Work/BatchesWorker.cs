using System.Collections.Concurrent;
using System.Globalization;
using Jobs.Torture.Journals;

namespace Jobs.Torture.Work;

/// <summary>What becomes of a member of a batch that is left alone.</summary>
enum Fate
{
    Complete,

    /// <summary>It throws in its first attempts.</summary>
    FailThenComplete,

    /// <summary>It snoozes on each process that gets it, and completes on one that has had it before.</summary>
    SnoozeThenComplete,

    Cancel,
    Discard,

    /// <summary>It throws in every attempt.</summary>
    Fail,
}

/// <summary>A member of a batch.</summary>
/// <param name="Number">Unique in its run.</param>
/// <param name="Fate">What becomes of it.</param>
/// <param name="Times">How often it fails or snoozes before it completes.</param>
/// <param name="Milliseconds">How long it takes, each time.</param>
sealed record Member(long Number, Fate Fate, int Times, int Milliseconds)
{
    public string Key => Number.ToString(CultureInfo.InvariantCulture);
}

/// <summary>How often this process has had members snooze.</summary>
sealed class Snoozes
{
    readonly ConcurrentDictionary<long, int> _counts = new();

    /// <summary>Whether the member snoozes once more.</summary>
    public bool Take(Member member) => _counts.AddOrUpdate(member.Number, 1, static (_, count) => count + 1) <= member.Times;
}

/// <summary>The worker of the members of batches, which is told of batches in all six ways.</summary>
[Worker(Name = "batches", Queue = Queue, MaxAttempts = MaxAttempts)]
sealed partial class BatchesWorker(Journal journal, Snoozes snoozes)
{
    public const string Queue = "batches";
    public const int MaxAttempts = 3;

    [Backoff]
    static TimeSpan WaitAfter(FailedAttempt failed) => TimeSpan.FromMilliseconds(100 * failed.Attempt);

    [Perform]
    public async Task<JobOutcome> RunAsync(Member member, JobContext job, CancellationToken cancellationToken)
    {
        await journal.NoteAsync(Moment.Started, job.Id, member.Key);
        if (member.Milliseconds > 0)
            await Task.Delay(member.Milliseconds, cancellationToken);
        switch (member.Fate)
        {
            case Fate.Fail:
            case Fate.FailThenComplete when job.Attempt <= member.Times:
                throw new InvalidOperationException("It is to fail.");
            case Fate.SnoozeThenComplete when snoozes.Take(member):
                return JobOutcome.Snooze(TimeSpan.FromMilliseconds(200));
            case Fate.Cancel:
                return JobOutcome.Cancel("It is to be cancelled.");
            case Fate.Discard:
                return JobOutcome.Discard("It is to be discarded.");
            default:
                await journal.NoteAsync(Moment.Ended, job.Id, member.Key);
                return JobOutcome.Complete;
        }
    }

    [Perform]
    public Task TellAsync(BatchComplete batch, JobContext job) => TellAsync("complete", batch, job);

    [Perform]
    public Task TellAsync(BatchSucceeded batch, JobContext job) => TellAsync("succeeded", batch, job);

    [Perform]
    public Task TellAsync(BatchAttempted batch, JobContext job) => TellAsync("attempted", batch, job);

    [Perform]
    public Task TellAsync(BatchDiscarded batch, JobContext job) => TellAsync("discarded", batch, job);

    [Perform]
    public Task TellAsync(BatchCancelled batch, JobContext job) => TellAsync("cancelled", batch, job);

    [Perform]
    public Task TellAsync(BatchRetryable batch, JobContext job) => TellAsync("retryable", batch, job);

    Task TellAsync(string kind, BatchCallback batch, JobContext job) => journal.NoteAsync(Moment.Told, job.Id, $"{kind} {batch.BatchId}");
}
