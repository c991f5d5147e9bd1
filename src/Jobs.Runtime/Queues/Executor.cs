using System.Text;
using Jobs.Generated;
using Jobs.Store;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Jobs.Queues;

/// <summary>Runs one job.</summary>
sealed class Executor(
    WorkerRegistry workers, IServiceScopeFactory scopes, JobStore store, HeldJobs held, Acknowledger acknowledger, QueueSignals signals,
    TimeProvider time, ILogger<Executor> logger)
{
    const int LongestError = 10_000;

    /// <summary>Runs a job to its outcome. Never throws: what goes wrong is the job's failure.</summary>
    /// <param name="job">A job that <see cref="HeldJobs"/> has.</param>
    /// <param name="cancelled">Fires when the host will not wait for the job, or the node has lost its lease; the job is then given back.</param>
    public async Task ExecuteAsync(ClaimedJob job, CancellationToken cancelled)
    {
        var execution = Start(job);
        execution = await PerformAsync(execution, cancelled).ConfigureAwait(false);
        execution = DiscardIfLastAttempt(execution);
        await AcknowledgeAsync(execution).ConfigureAwait(false);
        Report(execution);
    }

    Execution Start(ClaimedJob job)
    {
        Log.JobStarted(logger, job.Id, job.Worker, job.Queue, job.Attempt);
        return new Execution(job, time.GetTimestamp(), JobState.Completed);
    }

    async Task<Execution> PerformAsync(Execution execution, CancellationToken cancelled)
    {
        try
        {
            cancelled.ThrowIfCancellationRequested();
            return await PerformInScopeAsync(execution, cancelled).ConfigureAwait(false);
        }
        catch (Exception) when (cancelled.IsCancellationRequested)
        {
            return execution with { State = JobState.Available };
        }
        catch (JobStoreException exception) when (exception.IsTransient)
        {
            // Its args could not be read, which is not its fault.
            return execution with { State = JobState.Scheduled, Delay = Backoff.AfterError(1) };
        }
        catch (Exception exception)
        {
            return execution with
            {
                State = JobState.Retryable,
                Delay = DelayAfter(execution.Job),
                Error = Describe(exception),
                ErrorType = exception.GetType().FullName,
            };
        }
    }

    static TimeSpan DelayAfter(ClaimedJob job) => Backoff.AfterAttempt(job.Attempt, job.MaxAttempts);

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

    async Task<Execution> PerformInScopeAsync(Execution execution, CancellationToken cancelled)
    {
        var job = execution.Job;
        RunningJob? running = null;
        try
        {
            var args = job.Args ?? await store.ReadArgsAsync(job, cancelled).ConfigureAwait(false);
            await using var scope = scopes.CreateAsyncScope();
            if (!workers.TryGet(job.Worker, out var definition))
                throw new InvalidOperationException($"This host knows no worker named \"{job.Worker}\".");

            var worker = definition.Create(scope.ServiceProvider);
            try
            {
                running = Running(job, args, scope.ServiceProvider);
                execution = execution.With(await worker.PerformAsync(running, cancelled).ConfigureAwait(false));
            }
            finally
            {
                if (worker is IAsyncDisposable asyncDisposable)
                    await asyncDisposable.DisposeAsync().ConfigureAwait(false);
                else
                    (worker as IDisposable)?.Dispose();
            }
        }
        catch (Exception exception) when (running is { IsCompleted: true })
        {
            Log.FailedAfterCompletion(logger, job.Id, job.Worker, exception.GetType().FullName);
        }

        return running is { IsCompleted: true } ? new Execution(job, execution.StartedAt, JobState.Completed) { IsAcknowledged = true } : execution;
    }

    RunningJob Running(ClaimedJob job, ReadOnlyMemory<byte> args, IServiceProvider services) => new(job, store, held, signals, logger)
    {
        Id = job.Id,
        Worker = job.Worker,
        Queue = job.Queue,
        Attempt = job.Attempt,
        MaxAttempts = job.MaxAttempts,
        Batch = job.Batch,
        Args = args,
        Services = services,
        Tags = job.Tags,
        StoredMeta = job.Meta,
    };

    static Execution DiscardIfLastAttempt(Execution execution) =>
        execution.State == JobState.Retryable && IsLastAttempt(execution.Job)
            ? execution with { State = JobState.Discarded, WasLastAttempt = true }
            : execution;

    static bool IsLastAttempt(ClaimedJob job) => job.Attempt >= job.MaxAttempts;

    // A job that shutdown has given back in the meantime is no longer ours to decide.
    async Task AcknowledgeAsync(Execution execution)
    {
        var job = execution.Job;
        if (!execution.IsAcknowledged && held.TryTake(job))
        {
            var error = execution.Error is null ? null : StorableText.Clean(execution.Error, LongestError);
            await acknowledger.AcknowledgeAsync(new Acknowledgement(job.Id, job.Run, job.Node, execution.State, execution.Delay, error)
            {
                WasLastAttempt = execution.WasLastAttempt,
                Output = execution.Output is null ? null : new StoredOutput(Encoding.UTF8.GetString(execution.Output), IsLastAttempt(job), DelayAfter(job)),
            }).ConfigureAwait(false);
        }
    }

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

    /// <summary>A job and what became of it.</summary>
    readonly record struct Execution(ClaimedJob Job, long StartedAt, JobState State)
    {
        /// <summary>Whether the job has acknowledged itself, in a transaction of the user's.</summary>
        public bool IsAcknowledged { get; init; }

        /// <summary>Whether it is discarded because this was the last attempt, and not by its own word.</summary>
        public bool WasLastAttempt { get; init; }

        public TimeSpan Delay { get; init; }

        public byte[]? Output { get; init; }

        public string? Error { get; init; }

        public string? ErrorType { get; init; }

        public Execution With(JobOutcome outcome) => this with
        {
            State = outcome.Kind switch
            {
                OutcomeKind.Complete => JobState.Completed,
                OutcomeKind.Cancel => JobState.Cancelled,
                OutcomeKind.Discard => JobState.Discarded,
                OutcomeKind.Snooze => JobState.Scheduled,
                OutcomeKind.Retry => JobState.Retryable,
                _ => throw new InvalidOperationException($"{outcome.Kind} is not an outcome."),
            },
            Delay = outcome.Delay,
            Output = outcome.Output,
            Error = outcome.Reason,
            ErrorType = outcome.Reason is null ? null : $"{nameof(JobOutcome)}.{outcome.Kind}",
        };
    }
}
