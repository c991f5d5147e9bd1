using Jobs.Queues;
using Jobs.Store;
using Jobs.Testing.Database;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Npgsql;

namespace Jobs.Runtime.Tests.Behaviour;

/// <summary>A host of the workers of this folder, on a database of its own.</summary>
sealed class TestHost : IAsyncDisposable
{
    readonly TestDatabase _database;
    readonly bool _ownsDatabase;
    readonly IHost _host;

    TestHost(TestDatabase database, bool ownsDatabase, IHost host, Script script, LogRecorder logs)
    {
        _database = database;
        _ownsDatabase = ownsDatabase;
        _host = host;
        Script = script;
        Logs = logs;
    }

    public string ConnectionString => _database.ConnectionString;

    public Script Script { get; }

    public LogRecorder Logs { get; }

    public JobClient Client => _host.Services.GetRequiredService<JobClient>();

    public IServiceProvider Services => _host.Services;

    public JobsHealth Health => _host.Services.GetRequiredService<JobsHealth>();

    /// <summary>Starts a host on a database of its own.</summary>
    /// <param name="configure">Adds to the one queue, the workers and the quick polling.</param>
    /// <param name="script">Says what the workers do.</param>
    /// <param name="settings">Appended to the connection string, and so leading.</param>
    public static async Task<TestHost> StartAsync(Action<JobsBuilder>? configure = null, Action<Script>? script = null, string settings = "") =>
        await StartAsync(await TestDatabase.CreateAsync(TestContext.Current.CancellationToken), ownsDatabase: true, configure, script, settings);

    /// <summary>Starts a host on a database that others use too, and that outlives it.</summary>
    public static Task<TestHost> StartOnAsync(TestDatabase database, Action<JobsBuilder>? configure = null, Action<Script>? script = null, string settings = "") =>
        StartAsync(database, ownsDatabase: false, configure, script, settings);

    /// <summary>Starts another host on the same database, which must be disposed before this one.</summary>
    public Task<TestHost> StartAnotherAsync(Action<JobsBuilder>? configure = null, Action<Script>? script = null) =>
        StartAsync(_database, ownsDatabase: false, configure, script, settings: "");

    static async Task<TestHost> StartAsync(TestDatabase database, bool ownsDatabase, Action<JobsBuilder>? configure, Action<Script>? script, string settings)
    {
        var builder = Host.CreateEmptyApplicationBuilder(null);
        var seen = new Script();
        var logs = new LogRecorder();
        script?.Invoke(seen);
        builder.Services.AddSingleton(seen);
        builder.Services.AddScoped<ScopedThing>();
        builder.Services.AddKeyedScoped<ScopedThing>("spare");
        builder.Logging.AddProvider(logs);
        builder.Logging.SetMinimumLevel(LogLevel.Trace);
        builder.Services.AddJobs(jobs =>
        {
            jobs.UsePostgres($"{database.ConnectionString};{settings}").AddQueue("tests", concurrency: 5).AddWorkers();
            jobs.Configure(options => options.PollInterval = TimeSpan.FromMilliseconds(50));
            configure?.Invoke(jobs);
        });
        var host = builder.Build();
        await host.StartAsync(TestContext.Current.CancellationToken);
        return new TestHost(database, ownsDatabase, host, seen, logs);
    }

    /// <summary>An acknowledger without a node. What it held back for others' locks is not stored: that is for a loop of its own.</summary>
    public static Acknowledger Acknowledger(JobStore store, HeldJobs held)
    {
        var options = Options.Create(new JobsOptions());
        var signals = new QueueSignals(new Notifier(store, options, TimeProvider.System, NullLogger<Notifier>.Instance));
        var writer = new OutcomeWriter(store, held, new UnknownJobs(signals, options, TimeProvider.System), signals, NullLogger<OutcomeWriter>.Instance);
        var large = new LargeOutputs();
        return new Acknowledger(writer, new WaitingOutcomes(writer, large, NullLogger<WaitingOutcomes>.Instance), large);
    }

    public Task StopAsync() => _host.StopAsync(TestContext.Current.CancellationToken);

    /// <summary>Asks the database until the answer is as wanted: jobs end in their own time, and their rows say when.</summary>
    public async Task<T> UntilAsync<T>(string sql, Func<T, bool> wanted, TimeSpan? within = null)
    {
        using var timeout = new CancellationTokenSource(within ?? TimeSpan.FromSeconds(30));
        using var poll = new PeriodicTimer(TimeSpan.FromMilliseconds(20));
        T answer;
        while (!wanted(answer = await ScalarAsync<T>(sql)))
            await poll.WaitForNextTickAsync(timeout.Token);
        return answer;
    }

    public Task<string> StateAsync(long id, string wanted) => UntilAsync<string>($"SELECT state::text FROM jobs.jobs WHERE id = {id}", state => state == wanted);

    public async Task ExecuteAsync(string sql)
    {
        await using var connection = new NpgsqlConnection(ConnectionString);
        await connection.OpenAsync(TestContext.Current.CancellationToken);
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
    }

    public async Task<T> ScalarAsync<T>(string sql)
    {
        await using var connection = new NpgsqlConnection(ConnectionString);
        await connection.OpenAsync(TestContext.Current.CancellationToken);
        await using var command = new NpgsqlCommand(sql, connection);
        return (T)(await command.ExecuteScalarAsync(TestContext.Current.CancellationToken))!;
    }

    public async ValueTask DisposeAsync()
    {
        await _host.StopAsync(CancellationToken.None);
        if (_host is IAsyncDisposable host)
            await host.DisposeAsync();
        if (_ownsDatabase)
            await _database.DisposeAsync();
    }
}
