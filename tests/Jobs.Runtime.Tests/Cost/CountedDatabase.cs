using System.Globalization;
using Jobs.Postgres;
using Jobs.Runtime.Tests.Behaviour;
using Jobs.Testing.Database;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Npgsql;

namespace Jobs.Runtime.Tests.Cost;

/// <summary>A migrated database whose server counts what it is asked.</summary>
sealed class CountedDatabase : IAsyncDisposable
{
    readonly TestDatabase _database;
    readonly string _name;
    readonly NpgsqlConnection _observer;

    CountedDatabase(TestDatabase database, string name, NpgsqlConnection observer)
    {
        _database = database;
        _name = name;
        _observer = observer;
    }

    public string ConnectionString => _database.ConnectionString;

    public static async Task<CountedDatabase> CreateAsync()
    {
        var database = await TestDatabase.CreateCountedAsync(TestContext.Current.CancellationToken);
        var settings = new NpgsqlConnectionStringBuilder(database.ConnectionString);
        var name = settings.Database!;
        var observer = new NpgsqlConnection(new NpgsqlConnectionStringBuilder(settings.ConnectionString) { Database = "postgres", Pooling = false }.ConnectionString);
        await observer.OpenAsync(TestContext.Current.CancellationToken);
        var counted = new CountedDatabase(database, name, observer);
        await counted.WithStoreAsync(static store => store.MigrateAsync(TestContext.Current.CancellationToken));
        return counted;
    }

    /// <summary>Builds a host with the default options, and without queues unless <paramref name="configure"/> adds them.</summary>
    public IHost BuildHost(Action<JobsBuilder>? configure = null, Script? script = null)
    {
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Services.AddSingleton(script ?? new Script());
        builder.Services.AddScoped<ScopedThing>();
        builder.Services.AddKeyedScoped<ScopedThing>("spare");
        builder.Services.AddJobs(jobs =>
        {
            jobs.UsePostgres(ConnectionString).AddWorkers().Configure(static options => options.MigrateAtStart = false);
            configure?.Invoke(jobs);
        });
        return builder.Build();
    }

    /// <summary>What one enqueue of a client costs, its notification included.</summary>
    public Task<Cost> CostOfAsync(Func<JobClient, Task> enqueue)
    {
        return CostOfAsync<JobClient>(
            async use =>
            {
                using var host = BuildHost();
                await use(host.Services.GetRequiredService<JobClient>());
                await ((IAsyncDisposable)host).DisposeAsync();
            },
            client => NotifiedAsync(() => client.EnqueueAsync(Greeter.New(new Greeting("warm-up")), TestContext.Current.CancellationToken)),
            client => NotifiedAsync(() => enqueue(client)));

        async Task NotifiedAsync(Func<Task> run)
        {
            await ForgetStatementsAsync();
            await run();
            using var timeout = new CancellationTokenSource(TimeSpan.FromSeconds(30));
            using var poll = new PeriodicTimer(TimeSpan.FromMilliseconds(5));
            while ((await StatementsAsync()).CallsOf("AS t (payload)") == 0)   // a statement that seals a batch has a pg_notify of its own
                await poll.WaitForNextTickAsync(timeout.Token);
        }
    }

    /// <summary>What the verbs of a store cost.</summary>
    public Task<Cost> CostOfStoreAsync(Func<PostgresStore, Task> use) => CostOfAsync<PostgresStore>(
        WithStoreAsync,
        static store => store.StageAsync(1, TestContext.Current.CancellationToken),
        async store =>
        {
            await ForgetStatementsAsync();
            await use(store);
        });

    // The server counts a statement at once, but a commit when the connection that made it ends: so the commits of the warm-up, and of what
    // Npgsql asks for itself when it opens a connection, are measured in a round of their own and subtracted.
    async Task<Cost> CostOfAsync<T>(Func<Func<T, Task>, Task> open, Func<T, Task> warmUp, Func<T, Task> use)
    {
        await open(warmUp);
        var before = await CommitsAsync();
        await open(warmUp);
        var between = await CommitsAsync();
        var cost = new Cost([]);
        await open(async subject =>
        {
            await warmUp(subject);
            await use(subject);
            cost = await StatementsAsync();
        });
        return cost with { Commits = await CommitsAsync() - between - (between - before) };
    }

    public async Task WithStoreAsync(Func<PostgresStore, Task> use)
    {
        await using var database = new PostgresDatabase(new NpgsqlConnectionStringBuilder(ConnectionString), new SchemaName("jobs"));
        await use(new PostgresStore(database));
    }

    public Task ForgetStatementsAsync() =>
        ScalarAsync($"SELECT pg_stat_statements_reset(0, (SELECT oid FROM pg_database WHERE datname = '{_name}'), 0)");

    /// <summary>The statements since they were last forgotten.</summary>
    public async Task<Cost> StatementsAsync()
    {
        await using var command = new NpgsqlCommand(
            $"""
            SELECT regexp_replace(query, '\s+', ' ', 'g'), sum(calls)::bigint
            FROM pg_stat_statements
            WHERE dbid = (SELECT oid FROM pg_database WHERE datname = '{_name}')
            GROUP BY 1
            ORDER BY 2 DESC, 1
            """,
            _observer);
        await using var reader = await command.ExecuteReaderAsync(TestContext.Current.CancellationToken);
        var statements = new List<(string, long)>();
        while (await reader.ReadAsync(TestContext.Current.CancellationToken))
            statements.Add((reader.GetString(0), reader.GetInt64(1)));
        return new Cost(statements);
    }

    /// <summary>How many pages of tables and indexes a call of each statement on the schema looked at, in the mean.</summary>
    public async Task<IReadOnlyList<(string Sql, double PagesOfACall)>> PagesAsync()
    {
        await using var command = new NpgsqlCommand(
            $"""
            SELECT regexp_replace(query, '\s+', ' ', 'g'), (shared_blks_hit + shared_blks_read)::float8 / calls
            FROM pg_stat_statements
            WHERE dbid = (SELECT oid FROM pg_database WHERE datname = '{_name}') AND query LIKE '%"jobs".%'
            ORDER BY 2 DESC
            """,
            _observer);
        await using var reader = await command.ExecuteReaderAsync(TestContext.Current.CancellationToken);
        var statements = new List<(string, double)>();
        while (await reader.ReadAsync(TestContext.Current.CancellationToken))
            statements.Add((reader.GetString(0), reader.GetDouble(1)));
        return statements;
    }

    /// <summary>How many transactions clients have committed, once the last of them has left: it reports them only then.</summary>
    public async Task<long> CommitsAsync()
    {
        await UntilClientsHaveLeftAsync();
        return (long)(await ScalarAsync($"SELECT xact_commit FROM pg_stat_database WHERE datname = '{_name}'"))!;
    }

    /// <summary>How often the server has had the disk keep its WAL, once the last client has left.</summary>
    public async Task<long> WalFlushesAsync()
    {
        await UntilClientsHaveLeftAsync();
        return (long)(await ScalarAsync(_observer.PostgreSqlVersion.Major < 18
            ? "SELECT wal_sync FROM pg_stat_wal"
            : "SELECT sum(fsyncs)::bigint FROM pg_stat_io WHERE object = 'wal'"))!;
    }

    async Task UntilClientsHaveLeftAsync()
    {
        using var timeout = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        using var poll = new PeriodicTimer(TimeSpan.FromMilliseconds(5));
        while ((long)(await ScalarAsync($"SELECT count(*) FROM pg_stat_activity WHERE datname = '{_name}' AND backend_type = 'client backend'"))! > 0)
            await poll.WaitForNextTickAsync(timeout.Token);

        // Before version 15 the reports went through a process of their own, twice a second.
        if (_observer.PostgreSqlVersion.Major < 15)
            await Task.Delay(TimeSpan.FromSeconds(1), TestContext.Current.CancellationToken);
    }

    /// <summary>Runs statements in this database, which may take ten minutes.</summary>
    public async Task ExecuteAsync(string sql)
    {
        await using var connection = await OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection) { CommandTimeout = 600 };
        await command.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
    }

    /// <summary>Opens a connection to this database that ends with its use.</summary>
    public async Task<NpgsqlConnection> OpenAsync()
    {
        var connection = new NpgsqlConnection($"{ConnectionString};Pooling=false");
        await connection.OpenAsync(TestContext.Current.CancellationToken);
        return connection;
    }

    /// <summary>Demands that no statement since <see cref="ForgetStatementsAsync"/> has read more pages a call, and that there were so many statements.</summary>
    public async Task AssertPagesAsync(int atLeast, int mostOfACall)
    {
        var asked = await PagesAsync();
        Assert.True(asked.Count >= atLeast, $"{string.Join('\n', asked)}");
        Assert.All(asked, statement => Assert.True(
            statement.PagesOfACall <= mostOfACall, string.Create(CultureInfo.InvariantCulture, $"{statement.PagesOfACall} pages a call: {statement.Sql}")));
    }

    /// <summary>Asks the server from a database in which nothing is counted.</summary>
    public async Task<object?> ScalarAsync(string sql)
    {
        await using var command = new NpgsqlCommand(sql, _observer);
        return await command.ExecuteScalarAsync(TestContext.Current.CancellationToken);
    }

    public async ValueTask DisposeAsync()
    {
        await _observer.DisposeAsync();
        await _database.DisposeAsync();
    }
}

/// <summary>Tests that count and measure, one after the other, when all others have ended.</summary>
[CollectionDefinition("Cost", DisableParallelization = true)]
public sealed class CostCollection;
