using Docker.DotNet;
using DotNet.Testcontainers.Builders;
using Npgsql;
using Testcontainers.PostgreSql;

namespace Jobs.Testing.Database;

/// <summary>A server on which tests may make databases.</summary>
class DatabaseServer(string connectionString) : IAsyncDisposable
{
    const string Variable = "JOBS_TEST_DATABASE";
    const string Image = "postgres:17-alpine";

    // An engine on this machine answers at once; an address that nobody serves must not hold up the tests.
    static readonly TimeSpan EngineAnswersWithin = TimeSpan.FromSeconds(5);

    /// <summary>Connects to a database that is always there, with the right to create others.</summary>
    public string ConnectionString { get; } = new NpgsqlConnectionStringBuilder(connectionString) { IncludeErrorDetail = true }.ConnectionString;

    /// <summary>Finds or starts the server, and says in one line which it is.</summary>
    public static async Task<DatabaseServer> StartAsync()
    {
        if (Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } given)
            return await SayAsync($"the server of {Variable}", new DatabaseServer(given));

        var (container, whyNoContainer) = await TryStartContainerAsync();
        if (container is not null)
            return await SayAsync($"a container of {Image}", container);

        try
        {
            var cluster = await PrivateCluster.StartAsync();
            return await SayAsync($"a private cluster of {cluster.BinFolder}", cluster);
        }
        catch (InvalidOperationException noCluster)
        {
            throw new InvalidOperationException(
                $"The tests need a PostgreSQL server. {Variable} is not set; {whyNoContainer}; {noCluster.Message} " +
                $"Set {Variable} to a connection string of a user who may create databases, start Docker, or install PostgreSQL 14 or later.",
                noCluster);
        }
    }

    public virtual ValueTask DisposeAsync() => ValueTask.CompletedTask;

    public async Task ExecuteAsync(string sql, CancellationToken cancellationToken)
    {
        // Not pooled: a pooled connection would stay open on the shared database until the process ends.
        var unpooled = new NpgsqlConnectionStringBuilder(ConnectionString) { Pooling = false }.ConnectionString;
        await using var connection = new NpgsqlConnection(unpooled);
        await connection.OpenAsync(cancellationToken);
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    static async Task<(DatabaseServer? Server, string WhyNot)> TryStartContainerAsync()
    {
        try
        {
            var container = await Task.Run(BuildContainer).WaitAsync(EngineAnswersWithin);
            await container.StartAsync();
            return (new DatabaseServer(container.GetConnectionString()), "");
        }
        catch (Exception e) when (e is DockerUnavailableException or TimeoutException)
        {
            return (null, "no Docker engine answers");
        }
        catch (DockerApiException e)
        {
            return (null, $"Docker did not start a container of {Image} ({e.Message.Trim()})");
        }
    }

    // Looks for the engine, and throws where none answers.
    static PostgreSqlContainer BuildContainer() =>
        new PostgreSqlBuilder(Image).WithCommand("-c", "max_connections=300").Build();

    static async Task<DatabaseServer> SayAsync(string what, DatabaseServer server)
    {
        await using var connection = new NpgsqlConnection(server.ConnectionString);
        try
        {
            await connection.OpenAsync();
        }
        catch (NpgsqlException e)
        {
            throw new InvalidOperationException($"The tests' database is {what}, which cannot be reached: {e.Message}", e);
        }

        await Console.Error.WriteLineAsync(
            $"Test database: {what}, PostgreSQL {connection.PostgreSqlVersion} on {connection.Host}:{connection.Port}.");
        return server;
    }
}
