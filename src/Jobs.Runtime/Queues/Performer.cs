using Jobs.Generated;
using Jobs.Store;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Jobs.Queues;

/// <summary>Has the worker of a job perform it, in a DI scope of its own and through the middleware.</summary>
sealed class Performer(
    WorkerRegistry workers, IServiceScopeFactory scopes, PerformMiddleware middleware, JobStore store, HeldJobs held, ProgressReports progress,
    QueueSignals signals, ILogger<Performer> logger)
{
    /// <summary>Performs a job.</summary>
    /// <returns>What it decided; <see langword="null"/> if it has completed itself, in a transaction of the user's.</returns>
    public async ValueTask<JobOutcome?> PerformAsync(ClaimedJob job, CancellationToken cancelled)
    {
        var outcome = JobOutcome.Complete;
        RunningJob? running = null;
        try
        {
            var args = job.Args ?? await store.ReadArgsAsync(job, cancelled).ConfigureAwait(false);
            await using var scope = scopes.CreateAsyncScope();
            if (!workers.TryGet(job.Worker, out var definition))
                throw new InvalidOperationException($"This host knows no worker named \"{job.Worker}\".");

            running = Running(job, args, scope.ServiceProvider);
            outcome = middleware.IsUsed
                ? await middleware.PerformAsync(definition, running, cancelled).ConfigureAwait(false)
                : await PerformAsync(definition, running, cancelled).ConfigureAwait(false);
        }
        catch (Exception exception) when (running is { IsCompleted: true })
        {
            Log.FailedAfterCompletion(logger, job.Id, job.Worker, exception.GetType().FullName);
        }
        finally
        {
            running?.Return();
        }

        return running is { IsCompleted: true } ? null : outcome;
    }

    /// <summary>Makes the worker, has it perform the job, and disposes it.</summary>
    public static async ValueTask<JobOutcome> PerformAsync(WorkerDefinition definition, JobContext job, CancellationToken cancelled)
    {
        var worker = definition.Create(job.Services);
        try
        {
            return await worker.PerformAsync(job, cancelled).ConfigureAwait(false);
        }
        finally
        {
            if (worker is IAsyncDisposable asyncDisposable)
                await asyncDisposable.DisposeAsync().ConfigureAwait(false);
            else
                (worker as IDisposable)?.Dispose();
        }
    }

    RunningJob Running(ClaimedJob job, ReadOnlyMemory<byte> args, IServiceProvider services) => new(job, store, held, progress, signals, logger)
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
}
