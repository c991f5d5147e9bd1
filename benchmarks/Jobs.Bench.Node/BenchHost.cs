using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Console;

namespace Jobs.Bench;

/// <summary>Hosts as an application would build them: default options, and warnings on the console.</summary>
static class BenchHost
{
    /// <summary>A host that only enqueues.</summary>
    public static IHost BuildClient(string connectionString) => Build(connectionString, static _ => { }, static _ => { });

    /// <summary>A host that works the queue of the jobs that do nothing.</summary>
    public static IHost BuildWorker(string connectionString, int concurrency, Performances performances) =>
        Build(
            connectionString,
            jobs => jobs.AddQueue(NoOpWorker.QueueName, concurrency).AddWorkers(),
            services => services.AddSingleton(performances));

    /// <summary>Stops a host, and waits until it has let go of its connections.</summary>
    public static async Task EndAsync(IHost host, CancellationToken cancellationToken)
    {
        await host.StopAsync(cancellationToken);
        if (host is IAsyncDisposable disposable)
            await disposable.DisposeAsync();
    }

    public static IHost Build(string connectionString, Action<JobsBuilder> configure, Action<IServiceCollection> addServices)
    {
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Logging.AddSimpleConsole().SetMinimumLevel(LogLevel.Warning);
        builder.Services.Configure<ConsoleLoggerOptions>(static console => console.LogToStandardErrorThreshold = LogLevel.Trace);
        addServices(builder.Services);
        builder.Services.AddJobs(jobs => configure(jobs.UsePostgres(connectionString)));
        return builder.Build();
    }
}
