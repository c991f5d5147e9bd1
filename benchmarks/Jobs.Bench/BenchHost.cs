using Jobs.Bench.Workloads;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Jobs.Bench;

/// <summary>Hosts as an application would build them: default options, and warnings on the console.</summary>
static class BenchHost
{
    /// <summary>A host that only enqueues.</summary>
    public static IHost BuildClient(string connectionString) => Build(connectionString, new Countdown(0), static _ => { });

    /// <summary>A host that works the bench's queue.</summary>
    public static IHost BuildWorker(string connectionString, int concurrency, Countdown countdown) =>
        Build(connectionString, countdown, jobs => jobs.AddQueue(NoOpWorker.QueueName, concurrency));

    /// <summary>Makes the tables, and nothing in them.</summary>
    public static async Task MigrateAsync(string connectionString, CancellationToken cancellationToken)
    {
        using var host = BuildClient(connectionString);
        await host.StartAsync(cancellationToken);
        await host.StopAsync(cancellationToken);
    }

    static IHost Build(string connectionString, Countdown countdown, Action<JobsBuilder> configure)
    {
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Logging.AddSimpleConsole().SetMinimumLevel(LogLevel.Warning);
        builder.Services.AddSingleton(countdown);
        builder.Services.AddJobs(jobs =>
        {
            jobs.UsePostgres(connectionString).AddWorkers();
            configure(jobs);
        });
        return builder.Build();
    }
}
