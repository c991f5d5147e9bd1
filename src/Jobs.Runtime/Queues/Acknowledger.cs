using System.Threading.Channels;
using Jobs.Store;
using Microsoft.Extensions.Logging;

namespace Jobs.Queues;

/// <summary>Groups outcomes into one statement. It flushes as soon as the last flush has returned, so a lone outcome never waits.</summary>
sealed class Acknowledger(JobStore store, HeldJobs held, UnknownJobs unknown, QueueSignals signals, ILogger<Acknowledger> logger)
{
    const int LargestFlush = 500;
    const int SmallestFlush = 10;

    // Longer than a statement may take by the default of Npgsql. A flush that takes longer is repeated, since the database is away.
    static readonly TimeSpan LongestFlush = TimeSpan.FromMinutes(1);

    // Full when the database is slow: jobs then keep their places, and the claims slow down with it.
    const int Capacity = 10_000;

    // An output may have 1 MiB: fewer of the large ones may wait, and a flush takes so many characters of them at most.
    const int LargeOutput = 16 * 1024;
    const int LargeOutputCapacity = 64;
    const int LargestFlushOutputs = 4 * 1024 * 1024;

    readonly Channel<Acknowledgement> _outcomes = Channel.CreateBounded<Acknowledgement>(
        new BoundedChannelOptions(Capacity) { SingleReader = true });

    readonly SemaphoreSlim _largeOutputs = new(LargeOutputCapacity);

    // A field, so that a loop that is started again goes on with what the last one had taken.
    readonly List<Acknowledgement> _flush = new(LargestFlush);

    public ValueTask AcknowledgeAsync(Acknowledgement outcome) => HasLargeOutput(outcome) ? AcknowledgeLargeAsync(outcome) : _outcomes.Writer.WriteAsync(outcome);

    async ValueTask AcknowledgeLargeAsync(Acknowledgement outcome)
    {
        await _largeOutputs.WaitAsync().ConfigureAwait(false);
        await _outcomes.Writer.WriteAsync(outcome).ConfigureAwait(false);
    }

    static bool HasLargeOutput(Acknowledgement outcome) => outcome.Output is { Json.Length: > LargeOutput };

    /// <summary>Gives back jobs that the caller has taken from <see cref="HeldJobs"/>, at the cost of no attempt.</summary>
    public async Task GiveBackAsync(IEnumerable<ClaimedJob> taken)
    {
        foreach (var job in taken)
            await AcknowledgeAsync(new Acknowledgement(job.Id, job.Run, job.Node, JobState.Available)).ConfigureAwait(false);
    }

    /// <summary>Says that no more outcomes come. <see cref="RunAsync"/> ends when it has flushed what is there.</summary>
    public void Complete() => _outcomes.Writer.TryComplete();

    /// <summary>Flushes until <see cref="Complete"/>, or until <paramref name="abort"/>, which leaves the rest to rescue.</summary>
    public async Task RunAsync(Pulse pulse, CancellationToken abort)
    {
        while (_flush.Count > 0 || await _outcomes.Reader.WaitToReadAsync(abort).ConfigureAwait(false))
        {
            pulse.Expect(LongestFlush);
            Fill(_flush);
            await FlushAsync(_flush, failures: 0, abort).ConfigureAwait(false);
            if (_flush.Count(HasLargeOutput) is > 0 and var large)
                _largeOutputs.Release(large);
            _flush.Clear();
            pulse.Rest();
        }
    }

    void Fill(List<Acknowledgement> flush)
    {
        var outputs = flush.Sum(static outcome => outcome.Output?.Json.Length ?? 0);
        while (flush.Count < LargestFlush && outputs < LargestFlushOutputs && _outcomes.Reader.TryRead(out var outcome))
        {
            flush.Add(outcome);
            outputs += outcome.Output?.Json.Length ?? 0;
        }
    }

    // One that failed is repeated in halves: it may be that the server does not let a statement take as long as so many need.
    async Task FlushAsync(List<Acknowledgement> outcomes, int failures, CancellationToken abort)
    {
        while (true)
        {
            try
            {
                var result = await store.AcknowledgeAsync(outcomes, abort).ConfigureAwait(false);
                Forget(outcomes);
                Report(outcomes, result);
                return;
            }
            catch (JobStoreException exception) when (exception.IsTransient)
            {
                Log.AcknowledgeFailed(logger, exception, outcomes.Count);
                await Task.Delay(Backoff.AfterError(++failures), abort).ConfigureAwait(false);
                if (outcomes.Count > SmallestFlush)
                {
                    await FlushHalvesAsync(outcomes, failures, abort).ConfigureAwait(false);
                    return;
                }
            }
            catch (JobStoreException exception)
            {
                await FlushApartAsync(outcomes, exception, abort).ConfigureAwait(false);
                return;
            }
        }
    }

    // A value that cannot be stored fails the whole statement: halves find it, and its neighbours are stored without it.
    async Task FlushApartAsync(List<Acknowledgement> outcomes, JobStoreException exception, CancellationToken abort)
    {
        if (outcomes.Count > 1)
        {
            await FlushHalvesAsync(outcomes, failures: 0, abort).ConfigureAwait(false);
        }
        else if (outcomes[0] is { Output: not null } completed)
        {
            Log.OutputRefused(logger, completed.Id);
            await FlushAsync([completed.WithoutOutput($"The job ran, and what it returned could not be stored: {exception.Message}.")], failures: 0, abort).ConfigureAwait(false);
        }
        else if (outcomes[0] is { Error: not null and not UnstorableError } outcome)
        {
            await FlushAsync([outcome with { Error = UnstorableError }], failures: 0, abort).ConfigureAwait(false);
        }
        else
        {
            Log.OutcomeRefused(logger, exception, outcomes[0].Id);
            if (held.Forget(outcomes[0].Id, outcomes[0].Run) is { } queue)
                unknown.MayComeAgainIn(queue);
        }
    }

    async Task FlushHalvesAsync(List<Acknowledgement> outcomes, int failures, CancellationToken abort)
    {
        var half = outcomes.Count / 2;
        await FlushAsync(outcomes[..half], failures, abort).ConfigureAwait(false);
        await FlushAsync(outcomes[half..], failures, abort).ConfigureAwait(false);
    }

    const string UnstorableError = "The error's text could not be stored.";

    void Forget(List<Acknowledgement> outcomes)
    {
        foreach (var outcome in outcomes)
            held.Forget(outcome.Id, outcome.Run);
    }

    void Report(List<Acknowledgement> outcomes, AcknowledgeResult result)
    {
        if (result.Acknowledged.Count < outcomes.Count)
        {
            foreach (var stale in outcomes.Where(outcome => !result.Acknowledged.Contains(outcome.Id)))
                Log.StaleOutcome(logger, stale.Id, stale.Run, stale.State);
        }

        foreach (var cancelled in result.Cancelled)
            Log.JobCancelled(logger, cancelled);
        foreach (var batch in result.ClosedBatches)
            Log.BatchClosed(logger, batch);
        signals.Wake(result.CallbackQueues);
    }
}
