using Microsoft.Extensions.Hosting;

namespace Jobs.Bench.Workloads;

/// <summary>The database from which runs start that store their jobs themselves.</summary>
static class EmptyTables
{
    public const string Content = "_empty";

    public static async Task MakeAsync(string connectionString, CancellationToken cancellationToken)
    {
        using var host = BenchHost.BuildClient(connectionString);
        await host.StartAsync(cancellationToken);
        await host.StopAsync(cancellationToken);
    }
}
