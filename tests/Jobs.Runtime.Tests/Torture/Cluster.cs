using Jobs.Testing.Database;
using Jobs.TortureNode;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Npgsql;

namespace Jobs.Runtime.Tests.Torture;

/// <summary>Several hosts on one database.</summary>
sealed class Cluster : IAsyncDisposable
{
    readonly List<IHost> _hosts = [];
    readonly NpgsqlDataSource _dataSource;

    Cluster(TestDatabase database)
    {
        Database = database;
        _dataSource = NpgsqlDataSource.Create(database.ConnectionString);
    }

    public TestDatabase Database { get; }

    public static async Task<Cluster> CreateAsync() => new(await TestDatabase.CreateAsync(TestContext.Current.CancellationToken));

    public static async Task<Cluster> CreateOnOwnServerAsync() => new(await TestDatabase.CreateOwnServerAsync(TestContext.Current.CancellationToken));

    /// <summary>Builds a host with a lease of three seconds and short polls; <see cref="StartAsync"/> starts it too.</summary>
    public IHost Build(Ledger ledger, Action<JobsBuilder> configure)
    {
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Services.AddSingleton(ledger);
        builder.Services.AddSingleton(new Fate((number, _) =>
        {
            ledger.Saw(number);
            return Task.CompletedTask;
        }, ledger.SawCallback));
        builder.Services.AddJobs(jobs =>
        {
            jobs.UsePostgres(Database.ConnectionString).Configure(options =>
            {
                options.PollInterval = TimeSpan.FromMilliseconds(20);
                options.NodeLease = TimeSpan.FromSeconds(3);
            });
            configure(jobs);
        });
        var host = builder.Build();
        _hosts.Add(host);
        return host;
    }

    public async Task<JobClient> StartAsync(Ledger ledger, Action<JobsBuilder> configure)
    {
        var host = Build(ledger, configure);
        await host.StartAsync(TestContext.Current.CancellationToken);
        return host.Services.GetRequiredService<JobClient>();
    }

    public Task StopAsync() => Task.WhenAll(_hosts.Select(host => host.StopAsync()));

    public async Task<T> ScalarAsync<T>(string sql)
    {
        await using var command = _dataSource.CreateCommand(sql);
        return (T)(await command.ExecuteScalarAsync(TestContext.Current.CancellationToken))!;
    }

    public async Task<int> ExecuteAsync(string sql)
    {
        await using var command = _dataSource.CreateCommand(sql);
        return await command.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        foreach (var host in _hosts)
            await ((IAsyncDisposable)host).DisposeAsync();
        await _dataSource.DisposeAsync();
        await Database.DisposeAsync();
    }
}
