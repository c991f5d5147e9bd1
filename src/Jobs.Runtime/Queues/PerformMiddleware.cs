using Jobs.Generated;
using Microsoft.Extensions.DependencyInjection;

namespace Jobs.Queues;

/// <summary>The middleware of a host, around the perform of each of its jobs.</summary>
sealed class PerformMiddleware(IServiceProvider services)
{
    /// <summary>Whether the host has any. A container that cannot tell is asked for each job.</summary>
    public bool IsUsed { get; } = services.GetService<IServiceProviderIsService>()?.IsService(typeof(IPerformMiddleware)) ?? true;

    /// <summary>Performs a job through the middleware of its scope, the one that was registered first outermost.</summary>
    public ValueTask<JobOutcome> PerformAsync(WorkerDefinition definition, JobContext job, CancellationToken cancelled)
    {
        Func<CancellationToken, ValueTask<JobOutcome>> perform = token => Performer.PerformAsync(definition, job, token);
        foreach (var middleware in job.Services.GetServices<IPerformMiddleware>().Reverse())
        {
            var next = perform;
            perform = token => middleware.PerformAsync(job, next, token);
        }

        return perform(cancelled);
    }
}
