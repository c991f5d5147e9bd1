using System.Globalization;
using System.Text;
using Jobs.Generated;
using Jobs.Store;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Jobs.Queues;

/// <summary>Runs one job.</summary>
sealed class Executor(
    Performer performer, WorkerRegistry workers, HeldJobs held, ProgressReports progress, Acknowledger acknowledger, IOptions<JobsOptions> options, TimeProvider time,
    ILogger<Executor> logger)
{
    const int LongestError = 10_000;

    /// <summary>Runs a job to its outcome. Never throws: what goes wrong is the job's failure.</summary>
    /// <param name="job">A job that <see cref="HeldJobs"/> has.</param>
    /// <param name="cancelled">Fires when the host will not wait for the job, or the node has lost its lease; the job is then given back.</param>
    /// <returns>A task that ends with the job's code: it is complete unless the code goes on when its time is over.</returns>
    public async Task<Task> ExecuteAsync(ClaimedJob job, CancellationToken cancelled)
    {
        var execution = Start(job);
        execution = await PerformAsync(execution, cancelled).ConfigureAwait(false);
        execution = DiscardIfLastAttempt(execution);
        await AcknowledgeAsync(execution).ConfigureAwait(false);
        Report(execution);
        return execution.Remains ?? Task.CompletedTask;
    }

    Execution Start(ClaimedJob job)
    {
        Log.JobStarted(logger, job.Id, job.Worker, job.Queue, job.Attempt);
        return new Execution(job, time.GetTimestamp(), JobState.Completed);
    }

    ValueTask<Execution> PerformAsync(Execution execution, CancellationToken cancelled) =>
        execution.Job.IsBatchCancelled ? new(execution with { State = JobState.Cancelled })
        : Definition(execution.Job)?.Timeout is { } timeout
            ? PerformWithinAsync(timeout, execution, cancelled)
            : PerformAsync(execution, cancelled, timedOut: CancellationToken.None, token: cancelled);

    WorkerDefinition? Definition(ClaimedJob job) => workers.TryGet(job.Worker, out var definition) ? definition : null;

    // On a thread of its own, for code that blocks. The sources of the tokens are not disposed: they may fire when the code has just ended, and
    // nothing but this run refers to them.
    async ValueTask<Execution> PerformWithinAsync(TimeSpan timeout, Execution execution, CancellationToken cancelled)
    {
        var timedOut = new CancellationTokenSource();
        var token = CancellationTokenSource.CreateLinkedTokenSource(cancelled, timedOut.Token).Token;
        var performing = Task.Run(() => PerformAsync(execution, cancelled, timedOut.Token, token).AsTask(), CancellationToken.None);
        if (await EndsWithinAsync(performing, timeout).ConfigureAwait(false))
            return await performing.ConfigureAwait(false);

        _ = FireAsync(timedOut, execution.Job);
        if (await EndsWithinAsync(performing, options.Value.TimeoutGrace).ConfigureAwait(false))
            return await performing.ConfigureAwait(false);

        Log.TimeoutIgnored(logger, execution.Job.Id, execution.Job.Worker, execution.Job.Queue, timeout, options.Value.TimeoutGrace);
        return Failed(execution, TimedOut(execution.Job)) with { Remains = DropAsync(performing) };
    }

    async Task<bool> EndsWithinAsync(Task<Execution> performing, TimeSpan limit)
    {
        using var over = new CancellationTokenSource();
        var first = await Task.WhenAny(performing, Task.Delay(limit, time, over.Token)).ConfigureAwait(false);
        await over.CancelAsync().ConfigureAwait(false);
        return first == performing;
    }

    // On a thread of its own: what the job has registered with its token may block or throw.
    Task FireAsync(CancellationTokenSource source, ClaimedJob job) => Task.Run(async () =>
    {
        try
        {
            await source.CancelAsync().ConfigureAwait(false);
        }
        catch (Exception exception)
        {
            Log.TokenCallbackFailed(logger, job.Id, exception.GetBaseException().GetType().FullName);
        }
    });

    async Task DropAsync(Task<Execution> performing)
    {
        var late = await performing.ConfigureAwait(false);
        Log.LateOutcomeDropped(logger, late.Job.Id, late.Job.Worker, late.State, time.GetElapsedTime(late.StartedAt));
    }

    async ValueTask<Execution> PerformAsync(Execution execution, CancellationToken cancelled, CancellationToken timedOut, CancellationToken token)
    {
        try
        {
            cancelled.ThrowIfCancellationRequested();
            return execution.With(await performer.PerformAsync(execution.Job, token).ConfigureAwait(false));
        }
        catch (Exception) when (cancelled.IsCancellationRequested)
        {
            return execution with { State = JobState.Available };
        }
        catch (OperationCanceledException exception) when (timedOut.IsCancellationRequested)
        {
            return Failed(execution, TimedOut(execution.Job, exception));
        }
        catch (JobStoreException exception) when (exception.IsTransient)
        {
            // Its args could not be read, which is not its fault.
            return execution with { State = JobState.Scheduled, Delay = Backoff.AfterError(1) };
        }
        catch (Exception exception)
        {
            return Failed(execution, exception);
        }
    }

    TimeoutException TimedOut(ClaimedJob job, Exception? cause = null) =>
        new(string.Create(
            CultureInfo.InvariantCulture,
            $"Job {job.Id} ({job.Worker}) took longer than its worker's timeout of {Definition(job)?.Timeout}."), cause);

    Execution Failed(Execution execution, Exception exception) => execution with
    {
        State = JobState.Retryable,
        Delay = DelayAfter(execution, exception),
        Error = Describe(exception),
        ErrorType = exception.GetType().FullName,
    };

    TimeSpan DelayAfter(Execution execution, Exception exception)
    {
        var job = execution.Job;
        var byDefault = Backoff.AfterAttempt(job.Attempt, job.MaxAttempts);
        if (execution.IsLastAttempt || Definition(job)?.Backoff is not { } backoff)
            return byDefault;

        try
        {
            var delay = backoff(new FailedAttempt { Attempt = job.Attempt, MaxAttempts = job.MaxAttempts, Exception = exception, DefaultDelay = byDefault });
            if (delay >= TimeSpan.Zero)
                return delay;
            Log.BackoffNegative(logger, job.Id, job.Worker, delay, byDefault);
        }
        catch (Exception fault)
        {
            Log.BackoffFailed(logger, job.Id, job.Worker, fault.GetType().FullName, byDefault);
        }

        return byDefault;
    }

    // An exception whose own text throws is still only a failed attempt.
    static string Describe(Exception exception)
    {
        try
        {
            return exception.ToString();
        }
        catch (Exception)
        {
            return $"{exception.GetType().FullName}, whose text could not be read.";
        }
    }

    static Execution DiscardIfLastAttempt(Execution execution) =>
        execution is { State: JobState.Retryable, IsLastAttempt: true }
            ? execution with { State = JobState.Discarded, WasLastAttempt = true }
            : execution;

    // A job that shutdown has given back in the meantime is no longer ours to decide.
    async Task AcknowledgeAsync(Execution execution)
    {
        var job = execution.Job;
        var last = progress.TakeLast(job);
        if (!execution.IsAcknowledged && held.TryTake(job))
        {
            await acknowledger.AcknowledgeAsync(Acknowledgement.Of(job, execution.State) with
            {
                Delay = execution.Delay,
                Error = StorableError(execution),
                WasLastAttempt = execution.WasLastAttempt,
                Output = StoredOutput(execution),
                Progress = last,
            }).ConfigureAwait(false);
        }
    }

    static string? StorableError(Execution execution) => execution.Error is null ? null : StorableText.Clean(execution.Error, LongestError);

    static StoredOutput? StoredOutput(Execution execution) => execution.Output is not { } output ? null : new StoredOutput(
        Encoding.UTF8.GetString(output), execution.IsLastAttempt, Backoff.AfterAttempt(execution.Job.Attempt, execution.Job.MaxAttempts));

    void Report(Execution execution)
    {
        var job = execution.Job;
        switch (execution.State)
        {
            case JobState.Retryable:
                Log.JobFailed(logger, job.Id, job.Worker, job.Queue, job.Attempt, job.MaxAttempts, execution.ErrorType, execution.Delay);
                break;
            case JobState.Discarded:
                Log.JobDiscarded(logger, job.Id, job.Worker, job.Queue, job.Attempt, job.MaxAttempts, execution.ErrorType);
                break;
            default:
                Log.JobEnded(logger, job.Id, job.Worker, job.Queue, execution.State, time.GetElapsedTime(execution.StartedAt));
                break;
        }
    }
}
