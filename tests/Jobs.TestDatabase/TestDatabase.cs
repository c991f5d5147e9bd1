using Npgsql;

namespace Jobs.Testing.Database;

/// <summary>A fresh, empty database for one test or one class of tests; dropped when disposed.</summary>
/// <remarks>
/// The server is, in this order: the one that the environment variable <c>JOBS_TEST_DATABASE</c> connects to, a container, a private
/// cluster of the PostgreSQL that is installed. All databases of a test process share it.
/// </remarks>
public sealed class TestDatabase : IAsyncDisposable
{
    static readonly Lazy<Task<DatabaseServer>> SharedServer = new(DatabaseServer.StartAsync);
    static readonly Lazy<Task<DatabaseServer>> CountingServer = new(StartCountingServerAsync);

    readonly DatabaseServer _server;
    readonly bool _ownsServer;
    readonly string _name;

    TestDatabase(DatabaseServer server, bool ownsServer, string name)
    {
        _server = server;
        _ownsServer = ownsServer;
        _name = name;
        ConnectionString = new NpgsqlConnectionStringBuilder(server.ConnectionString) { Database = name }.ConnectionString;
    }

    /// <summary>Connects to this database, as its owner.</summary>
    public string ConnectionString { get; }

    /// <summary>Makes a database on the server that all tests of this process share; the first call starts the server.</summary>
    /// <exception cref="InvalidOperationException">There is no PostgreSQL to be had. The message says what was tried.</exception>
    public static async Task<TestDatabase> CreateAsync(CancellationToken cancellationToken = default)
    {
        var server = await SharedServer.Value.WaitAsync(cancellationToken);
        return await CreateAsync(server, ownsServer: false, cancellationToken);
    }

    /// <summary>Makes a database on a private cluster of its own, which the test may restart without hitting others.</summary>
    /// <exception cref="InvalidOperationException">PostgreSQL's binaries are not on this machine.</exception>
    public static async Task<TestDatabase> CreateOwnServerAsync(CancellationToken cancellationToken = default)
    {
        var server = await PrivateCluster.StartAsync();
        try
        {
            return await CreateAsync(server, ownsServer: true, cancellationToken);
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }
    }

    /// <summary>Makes a database whose statements are counted, on a private cluster that only such databases share.</summary>
    /// <remarks>
    /// The view <c>pg_stat_statements</c> is in the cluster's database <c>postgres</c>, where nothing is counted. The cluster has no
    /// autovacuum: its commits would be among those of the database that it visits.
    /// </remarks>
    /// <exception cref="InvalidOperationException">PostgreSQL's binaries, or those of its contrib modules, are not on this machine.</exception>
    public static async Task<TestDatabase> CreateCountedAsync(CancellationToken cancellationToken = default)
    {
        var server = await CountingServer.Value.WaitAsync(cancellationToken);
        var database = await CreateAsync(server, ownsServer: false, cancellationToken);
        await server.ExecuteAsync(
            $"ALTER DATABASE {database._name} SET compute_query_id = on; ALTER DATABASE {database._name} SET pg_stat_statements.track = 'top'", cancellationToken);
        return database;
    }

    /// <summary>Has every session that begins from now on in this database begin with a setting.</summary>
    /// <param name="setting">Such as <c>statement_timeout = '1s'</c>.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public Task SetAsync(string setting, CancellationToken cancellationToken = default) =>
        _server.ExecuteAsync($"ALTER DATABASE {_name} SET {setting}", cancellationToken);

    /// <summary>Stops the server and starts it again. Returns when it accepts connections.</summary>
    /// <param name="immediate">Whether it stops as in a crash, and recovers at the start; else it cuts all connections and stops in order.</param>
    /// <exception cref="InvalidOperationException">Other tests use the server too.</exception>
    public Task RestartServerAsync(bool immediate) => _ownsServer && _server is PrivateCluster cluster
        ? cluster.RestartAsync(immediate)
        : throw new InvalidOperationException($"Other tests use this server too. A test that restarts it makes its database with {nameof(CreateOwnServerAsync)}.");

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await using (var connection = new NpgsqlConnection(ConnectionString))
            NpgsqlConnection.ClearPool(connection);

        if (_ownsServer)
            await _server.DisposeAsync();
        else
            await _server.ExecuteAsync($"DROP DATABASE IF EXISTS {_name} WITH (FORCE)", CancellationToken.None);
    }

    static async Task<DatabaseServer> StartCountingServerAsync()
    {
        var server = await PrivateCluster.StartAsync();
        try
        {
            await server.ExecuteAsync("CREATE EXTENSION pg_stat_statements", CancellationToken.None);
            await server.ExecuteAsync("ALTER SYSTEM SET autovacuum = off", CancellationToken.None);
            await server.ExecuteAsync("SELECT pg_reload_conf()", CancellationToken.None);
            return server;
        }
        catch (PostgresException noModule)
        {
            await server.DisposeAsync();
            throw new InvalidOperationException($"A test counts statements, and PostgreSQL's contrib modules are not in {server.BinFolder}: {noModule.MessageText}.", noModule);
        }
    }

    static async Task<TestDatabase> CreateAsync(DatabaseServer server, bool ownsServer, CancellationToken cancellationToken)
    {
        var name = $"jobs_test_{Guid.NewGuid():N}";
        await server.ExecuteAsync($"CREATE DATABASE {name} TEMPLATE template0 ENCODING 'UTF8'", cancellationToken);
        return new TestDatabase(server, ownsServer, name);
    }
}
