using Jobs.Torture.Journals;
using Jobs.Torture.Work;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Console;

namespace Jobs.Torture.Nodes;

/// <summary>How a node works.</summary>
/// <param name="Database">The connection string.</param>
/// <param name="Folder">Where its journal is.</param>
/// <param name="Lease">How long it may stay silent.</param>
/// <param name="Concurrency">How many jobs it runs at once.</param>
sealed record NodeSettings(string Database, string Folder, TimeSpan Lease, int Concurrency)
{
    /// <summary>Whether it works the members and callbacks of batches, a thousand times as many as all else, which it notes without a sync.</summary>
    public bool WorksBatches { get; init; }
}

/// <summary>The program of a node: a host that works one queue, all other settings being the defaults.</summary>
static class NodeProgram
{
    public static async Task<int> RunAsync(NodeSettings settings, CancellationToken cancellationToken)
    {
        await using var journal = new Journal(settings.Folder, syncs: !settings.WorksBatches);
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Logging.AddSimpleConsole(static console => console.SingleLine = true).SetMinimumLevel(LogLevel.Warning);
        builder.Logging.AddFilter("Jobs.JobsService", LogLevel.Information);   // what is given back
        builder.Services.Configure<ConsoleLoggerOptions>(static console => console.LogToStandardErrorThreshold = LogLevel.Trace);
        builder.Services.AddSingleton(_ => journal);
        builder.Services.AddSingleton(new OwnPool(settings.Database));
        builder.Services.AddSingleton<Snoozes>();
        builder.Services.AddJobs(jobs => jobs
            .UsePostgres(settings.Database)
            .AddQueue(settings.WorksBatches ? BatchesWorker.Queue : TortureWorker.Queue, settings.Concurrency)
            .Configure(options => options.NodeLease = settings.Lease)
            .AddWorkers());
        using var host = builder.Build();
        await host.RunAsync(cancellationToken);
        return 0;
    }
}
