using Jobs.Torture.Checking;
using Jobs.Torture.Nodes;
using Jobs.Torture.Work;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Jobs.Torture.Scenarios;

/// <summary>One scenario with its figures.</summary>
abstract record Scenario
{
    public abstract string Name { get; }

    /// <summary>Does to the nodes what the scenario is about, and demands of the report what must come of it.</summary>
    public abstract Task RunAsync(Run run, CancellationToken cancellationToken);
}

/// <summary>What every scenario has: a report, chance, and a folder for journals and logs.</summary>
sealed class Run(string scenario, int seed, TextWriter output) : IDisposable
{
    readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("jobs-torture-");

    public Report Report { get; } = new(scenario, output);

    /// <summary>Decides what is left to chance. The processes' timing is not among it, so that a seed repeats the choices and not the run.</summary>
    public Random Random { get; } = new(seed);

    public string Folder => _folder.FullName;

    /// <summary>A host that only enqueues, started. It brings the schema up to date.</summary>
    /// <param name="connectionString">The database.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <param name="log">Hears what it logs.</param>
    public static async Task<IHost> StartClientAsync(string connectionString, CancellationToken cancellationToken, LogCounter? log = null)
    {
        var builder = Host.CreateEmptyApplicationBuilder(null);
        if (log is not null)
            builder.Logging.AddProvider(log);
        builder.Services.AddJobs(jobs => jobs.UsePostgres(connectionString));
        var host = builder.Build();
        await host.StartAsync(cancellationToken);
        return host;
    }

    /// <summary>Stores a batch of mails with the numbers 0 to <paramref name="count"/> - 1.</summary>
    /// <returns>Their keys.</returns>
    public static async Task<List<string>> EnqueueMailsAsync(IHost client, string batch, int count, TimeSpan each, CancellationToken cancellationToken)
    {
        var mails = Enumerable.Range(0, count).Select(i => new Mail(i, (int)each.TotalMilliseconds, IsDeaf: false)).ToList();
        await client.Services.GetRequiredService<JobClient>().EnqueueBatchAsync(batch, mails.Select(TortureWorker.New), cancellationToken: cancellationToken);
        return [.. mails.Select(mail => mail.Key)];
    }

    /// <summary>Removes the folder, unless somebody will want to look into it.</summary>
    public void Dispose()
    {
        if (Report.Failures > 0)
            Report.Say($"  Journals and logs are kept in {Folder}.");
        else
            _folder.Delete(recursive: true);
    }
}
