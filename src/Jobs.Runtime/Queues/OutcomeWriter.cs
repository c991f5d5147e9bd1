using Jobs.Store;
using Microsoft.Extensions.Logging;

namespace Jobs.Queues;

/// <summary>Stores outcomes, in as few statements as the database allows, and tells who waits for it.</summary>
sealed class OutcomeWriter(JobStore store, HeldJobs held, UnknownJobs unknown, QueueSignals signals, ILogger<OutcomeWriter> logger)
{
    const int SmallestFlush = 10;

    const string UnstorableError = "The error's text could not be stored.";

    /// <summary>Tries until each outcome is stored, was stale or refused for good, or waits for rows that another transaction holds.</summary>
    /// <param name="outcomes">At most one per job.</param>
    /// <param name="longestWait">How long their rows are waited for.</param>
    /// <param name="waiting">Gets those whose rows are held for longer; nothing of them is stored.</param>
    /// <param name="abort">Leaves the rest to rescue.</param>
    public Task WriteAsync(List<Acknowledgement> outcomes, TimeSpan longestWait, List<Acknowledgement> waiting, CancellationToken abort) =>
        WriteAsync(outcomes, longestWait, waiting, failures: 0, abort);

    // One that failed is repeated in halves: it may be that the server does not let a statement take as long as so many need.
    async Task WriteAsync(List<Acknowledgement> outcomes, TimeSpan longestWait, List<Acknowledgement> waiting, int failures, CancellationToken abort)
    {
        while (outcomes.Count > 0)
        {
            try
            {
                if (await store.TryAcknowledgeAsync(outcomes, longestWait, abort).ConfigureAwait(false) is { } result)
                {
                    Forget(outcomes);
                    Report(outcomes, result);
                    return;
                }

                outcomes = await WithoutHeldAsync(outcomes, waiting, abort).ConfigureAwait(false);
            }
            catch (JobStoreException exception) when (exception.IsTransient)
            {
                Log.AcknowledgeFailed(logger, exception, outcomes.Count);
                await Task.Delay(Backoff.AfterError(++failures), abort).ConfigureAwait(false);
                if (outcomes.Count > SmallestFlush)
                {
                    await WriteHalvesAsync(outcomes, longestWait, waiting, failures, abort).ConfigureAwait(false);
                    return;
                }
            }
            catch (JobStoreException exception)
            {
                await WriteApartAsync(outcomes, longestWait, waiting, exception, abort).ConfigureAwait(false);
                return;
            }
        }
    }

    async Task<List<Acknowledgement>> WithoutHeldAsync(List<Acknowledgement> outcomes, List<Acknowledgement> waiting, CancellationToken abort)
    {
        var jobs = await store.FindHeldAsync([.. outcomes.Select(static outcome => outcome.Id)], abort).ConfigureAwait(false);
        waiting.AddRange(outcomes.Where(outcome => jobs.Contains(outcome.Id)));
        return outcomes.FindAll(outcome => !jobs.Contains(outcome.Id));
    }

    // A value that cannot be stored fails the whole statement: halves find it, and its neighbours are stored without it.
    async Task WriteApartAsync(
        List<Acknowledgement> outcomes, TimeSpan longestWait, List<Acknowledgement> waiting, JobStoreException exception, CancellationToken abort)
    {
        if (outcomes.Count > 1)
        {
            await WriteHalvesAsync(outcomes, longestWait, waiting, failures: 0, abort).ConfigureAwait(false);
        }
        else if (outcomes[0] is { Output: not null } completed)
        {
            Log.OutputRefused(logger, completed.Id);
            var failed = completed.WithoutOutput($"The job ran, and what it returned could not be stored: {exception.Message}.");
            await WriteAsync([failed], longestWait, waiting, abort).ConfigureAwait(false);
        }
        else if (outcomes[0] is { Error: not null and not UnstorableError } outcome)
        {
            await WriteAsync([outcome with { Error = UnstorableError }], longestWait, waiting, abort).ConfigureAwait(false);
        }
        else
        {
            Log.OutcomeRefused(logger, exception, outcomes[0].Id);
            if (held.Forget(outcomes[0].Id, outcomes[0].Run) is { } queue)
                unknown.MayComeAgainIn(queue);
        }
    }

    async Task WriteHalvesAsync(List<Acknowledgement> outcomes, TimeSpan longestWait, List<Acknowledgement> waiting, int failures, CancellationToken abort)
    {
        var half = outcomes.Count / 2;
        await WriteAsync(outcomes[..half], longestWait, waiting, failures, abort).ConfigureAwait(false);
        await WriteAsync(outcomes[half..], longestWait, waiting, failures, abort).ConfigureAwait(false);
    }

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
