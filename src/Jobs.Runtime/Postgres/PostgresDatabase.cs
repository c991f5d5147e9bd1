using System.Net.Sockets;
using Npgsql;

namespace Jobs.Postgres;

/// <summary>One PostgreSQL database and schema, and the connections to it.</summary>
sealed class PostgresDatabase : IAsyncDisposable, IDisposable
{
    readonly NpgsqlConnectionStringBuilder _settings;
    readonly NpgsqlDataSource _dataSource;

    public PostgresDatabase(NpgsqlConnectionStringBuilder settings, SchemaName schema)
    {
        _settings = settings;
        Schema = schema;
        if (string.IsNullOrEmpty(settings.ApplicationName))
            settings.ApplicationName = "jobs";
        var builder = new NpgsqlSlimDataSourceBuilder(settings.ConnectionString);
        builder.EnableArrays();
        builder.EnableTransportSecurity();
        builder.EnableIntegratedSecurity();
        _dataSource = builder.Build();
    }

    public SchemaName Schema { get; }

    /// <exception cref="DatabaseUnavailableException">The server cannot be reached, or refuses the connection.</exception>
    public async ValueTask<NpgsqlConnection> OpenAsync(CancellationToken cancellationToken)
    {
        try
        {
            return await _dataSource.OpenConnectionAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is NpgsqlException or SocketException or TimeoutException)
        {
            throw new DatabaseUnavailableException(
                $"Jobs cannot open a connection to PostgreSQL at {_settings.Host}:{_settings.Port}, database \"{_settings.Database ?? _settings.Username}\", " +
                $"user \"{_settings.Username}\": {Reason(exception)} Is the server up, and is the connection string right?",
                exception);
        }
    }

    static string Reason(Exception exception) => exception switch
    {
        PostgresException refused => $"{refused.MessageText} ({refused.SqlState}).",
        { InnerException: { } cause } => $"{cause.Message.TrimEnd('.')}.",
        _ => $"{exception.Message.TrimEnd('.')}.",
    };

    public void Dispose() => _dataSource.Dispose();

    public ValueTask DisposeAsync() => _dataSource.DisposeAsync();
}
