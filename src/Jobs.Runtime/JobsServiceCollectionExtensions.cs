using Jobs.Leadership;
using Jobs.Maintenance;
using Jobs.Nodes;
using Jobs.Postgres;
using Jobs.Queues;
using Jobs.Store;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;

namespace Jobs;

/// <summary>Adds Jobs to a host.</summary>
public static class JobsServiceCollectionExtensions
{
    /// <summary>Adds a <see cref="JobClient"/> and, for the queues that <paramref name="configure"/> adds, the service that runs their jobs.</summary>
    /// <example><code>
    /// builder.Services.AddJobs(jobs => jobs
    ///     .UsePostgres(connectionString)
    ///     .AddQueue("batch", concurrency: 10)
    ///     .AddWorkers());
    /// </code></example>
    /// <exception cref="InvalidOperationException">No database was named, or Jobs was added before.</exception>
    public static IServiceCollection AddJobs(this IServiceCollection services, Action<JobsBuilder> configure)
    {
        ArgumentNullException.ThrowIfNull(services);
        ArgumentNullException.ThrowIfNull(configure);
        if (services.Any(service => service.ServiceType == typeof(JobClient)))
            throw new InvalidOperationException("AddJobs was called twice. Call it once, with all queues and workers.");

        var jobs = new JobsBuilder(services);
        configure(jobs);
        var database = jobs.Database
            ?? throw new InvalidOperationException("Jobs has no database. Say where jobs are stored: AddJobs(jobs => jobs.UsePostgres(connectionString)…).");

        services.AddOptions<JobsOptions>().ValidateOnStart();
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<JobsOptions>, JobsOptionsValidator>());
        services.TryAddSingleton(TimeProvider.System);
        services.AddSingleton(jobs.Workers);
        services.AddSingleton(_ => database);   // by a factory, so that the host disposes it
        services.AddSingleton<JobStore, PostgresStore>();
        services.AddSingleton<Notifier>();
        services.AddSingleton<Listener>();
        services.AddSingleton<QueueSignals>();
        services.AddSingleton<ControlSignal>();
        services.AddSingleton<Poller>();
        services.AddSingleton<WorkedQueues>();
        services.AddSingleton<UnknownJobs>();
        services.AddSingleton<HeldJobs>();
        services.AddSingleton<Admission>();
        services.AddSingleton<Quarantine>();
        services.AddSingleton<LocalStarts>();
        services.AddSingleton<JobWaits>();
        services.AddSingleton<BatchWatches>();
        services.AddSingleton(provider => new JobClient(
            provider.GetRequiredService<JobStore>(), provider.GetRequiredService<LocalStarts>(), provider.GetRequiredService<QueueSignals>(),
            provider.GetRequiredService<ControlSignal>(), provider.GetRequiredService<JobWaits>(), provider.GetRequiredService<BatchWatches>(),
            new EnqueueMiddleware(provider.GetServices<IEnqueueMiddleware>())));
        services.AddSingleton<Node>();
        services.AddSingleton<OutcomeWriter>();
        services.AddSingleton<LargeOutputs>();
        services.AddSingleton<WaitingOutcomes>();
        services.AddSingleton<Acknowledger>();
        services.AddSingleton<PerformMiddleware>();
        services.AddSingleton<Performer>();
        services.AddSingleton<ProgressReports>();
        services.AddSingleton<Executor>();
        services.AddSingleton<Stager>();
        services.AddSingleton<Rescuer>();
        services.AddSingleton<Pruner>();
        services.AddSingleton<StrandedReport>();
        services.AddSingleton<SettingsSweeper>();
        services.AddSingleton<BatchSweeper>();
        services.AddSingleton<BatchAuditor>();
        services.AddSingleton<Duties>();
        services.AddSingleton<LeaderElection>();
        services.AddSingleton(provider => new JobsHealth(provider.GetRequiredService<TimeProvider>()));
        services.AddSingleton<Watchdog>();
        services.AddHostedService<JobsService>();
        return services;
    }
}
