using System.Collections.Concurrent;
using System.Net.Sockets;
using Npgsql;

namespace Jobs.Postgres;

/// <summary>One PostgreSQL database and schema, and the connections to it.</summary>
sealed class PostgresDatabase : IAsyncDisposable, IDisposable
{
    readonly NpgsqlConnectionStringBuilder _settings;
    readonly NpgsqlDataSource _control;
    readonly WarmConnections _warm;
    readonly NpgsqlDataSource _callers;
    readonly NpgsqlDataSource _shared;
    readonly NpgsqlDataSource _listener;
    readonly ConcurrentDictionary<(string? Host, int Port, string? Database), bool> _sameAs = new();
    volatile bool _isolatesOtherwise;

    public PostgresDatabase(NpgsqlConnectionStringBuilder settings, SchemaName schema)
    {
        Schema = schema;
        _settings = settings;
        if (string.IsNullOrEmpty(settings.ApplicationName))
            settings.ApplicationName = "jobs";

        // Of several hosts the one that takes writes, unless the caller knows better.
        if (settings.Host?.Contains(',', StringComparison.Ordinal) == true && string.IsNullOrEmpty(settings.TargetSessionAttributes))
            settings.TargetSessionAttributes = "read-write";

        // An enqueue without a transaction is one of its own, whatever is ambient; and the connections that hear, copy and hold a transaction
        // cannot be shared by statements of others.
        settings.Enlist = false;
        settings.Multiplexing = false;

        // A delay of a day is 24 hours; in the session's own zone it would be 23 or 25 when the clocks change.
        settings.Timezone = "UTC";
        _control = Build(ForControl(settings), UseBuiltInTypes, LookAtIsolation);
        _warm = new WarmConnections(OpenAsync, TimeProvider.System);
        _callers = Build(ForOwnStatements(settings), UseBuiltInTypes, LookAtIsolation);
        _shared = Build(settings, LookAtIsolation);
        _listener = Build(new NpgsqlConnectionStringBuilder(settings.ConnectionString) { Pooling = false }, UseBuiltInTypes);
        _sameAs[(settings.Host, settings.Port, settings.Database ?? settings.Username)] = true;
    }

    public SchemaName Schema { get; }

    /// <summary>Whether a transaction that does not say its level has another one than READ COMMITTED, by what is set for the role or the database.</summary>
    public bool IsolatesOtherwise => _isolatesOtherwise;

    /// <summary>Opens a connection for claims, acknowledgements, leases and maintenance, which never wait for the callers' connections.</summary>
    /// <exception cref="DatabaseUnavailableException">The server cannot be reached, or refuses the connection.</exception>
    public ValueTask<NpgsqlConnection> OpenAsync(CancellationToken cancellationToken) => OpenAsync(_control, cancellationToken);

    /// <summary>Lends such a connection for a statement of our own, which leaves it as it was.</summary>
    /// <exception cref="DatabaseUnavailableException">The server cannot be reached, or refuses the connection.</exception>
    public ValueTask<WarmConnections.Lent> LendAsync(CancellationToken cancellationToken) => _warm.LendAsync(cancellationToken);

    /// <summary>Opens a connection for a caller of the client, who may hold it for as long as his source of jobs takes.</summary>
    /// <exception cref="DatabaseUnavailableException">The server cannot be reached, or refuses the connection.</exception>
    public ValueTask<NpgsqlConnection> OpenForCallerAsync(CancellationToken cancellationToken) => OpenAsync(_callers, cancellationToken);

    /// <summary>Opens a connection on which statements of the caller's own run too. It is reset when it goes back.</summary>
    /// <exception cref="DatabaseUnavailableException">The server cannot be reached, or refuses the connection.</exception>
    public ValueTask<NpgsqlConnection> OpenToShareAsync(CancellationToken cancellationToken) => OpenAsync(_shared, cancellationToken);

    /// <summary>Opens a connection that listens for as long as it lives, and takes no other's place.</summary>
    /// <exception cref="DatabaseUnavailableException">The server cannot be reached, or refuses the connection.</exception>
    public ValueTask<NpgsqlConnection> OpenToListenAsync(CancellationToken cancellationToken) => OpenAsync(_listener, cancellationToken);

    /// <summary>Opens a connection that is closed with what was set on it.</summary>
    /// <exception cref="DatabaseUnavailableException">The server cannot be reached, or refuses the connection.</exception>
    public ValueTask<NpgsqlConnection> OpenOutsidePoolsAsync(CancellationToken cancellationToken) => OpenAsync(_listener, cancellationToken);

    /// <summary>Refuses a caller's connection that leads elsewhere: his jobs would be stored where no node of this database looks.</summary>
    /// <remarks>Asked once for each way to write the same place: a pooler may have a name of its own for a database.</remarks>
    /// <exception cref="InvalidOperationException">The connection is one to another database.</exception>
    public async Task RefuseOtherAsync(NpgsqlConnection callers, CancellationToken cancellationToken)
    {
        var place = (callers.Host, callers.Port, callers.Database);
        if (_sameAs.ContainsKey(place))
            return;

        await using var own = await OpenForCallerAsync(cancellationToken).ConfigureAwait(false);
        if (await IdentityAsync(callers, cancellationToken).ConfigureAwait(false) != await IdentityAsync(own, cancellationToken).ConfigureAwait(false))
            throw new InvalidOperationException(
                $"The transaction is one of the database \"{place.Database}\" at {place.Host}:{place.Port}, and the jobs are stored in " +
                $"\"{_settings.Database ?? _settings.Username}\" at {_settings.Host}:{_settings.Port}. A job can join a transaction of its own database only.");
        _sameAs[place] = true;
    }

    // What two connections to one database have in common, whatever stands in between, and no user needs a right for.
    const string IdentitySql = "SELECT current_database() || ' of ' || pg_postmaster_start_time()::text";

    static async Task<string> IdentityAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(IdentitySql, connection);
        return (string)(await command.ExecuteScalarAsync(cancellationToken).ConfigureAwait(false))!;
    }

    /// <summary>Gives up the idle connections of the control plane: the server behind them is not the one to talk to any more.</summary>
    public async ValueTask ForgetConnectionsAsync()
    {
        _control.Clear();
        await _warm.ClearAsync().ConfigureAwait(false);
    }

    // Its size is not the callers' to limit, and a connection that broke in silence must not hold a loop for ever.
    static NpgsqlConnectionStringBuilder ForControl(NpgsqlConnectionStringBuilder settings) => new(ForOwnStatements(settings).ConnectionString)
    {
        Pooling = true,
        MinPoolSize = 0,
        MaxPoolSize = 100,
        CommandTimeout = settings.CommandTimeout == 0 ? 30 : settings.CommandTimeout,
    };

    // Our few statements are prepared by their first use, and leave no state in a session that a reset would have to clear: to parse, plan and reset
    // was half of the cost of an enqueue of one job. A pooler in transaction mode that knows no prepared statements needs this to be off, which the
    // caller says.
    static NpgsqlConnectionStringBuilder ForOwnStatements(NpgsqlConnectionStringBuilder settings) => new(settings.ConnectionString)
    {
        NoResetOnClose = true,
        MaxAutoPrepare = settings.ShouldSerialize("Max Auto Prepare") ? settings.MaxAutoPrepare : 50,
        AutoPrepareMinUsages = 1,
    };

    // Our statements have no other types, and to load those of the database is a query of some milliseconds for each pool.
    static void UseBuiltInTypes(NpgsqlSlimDataSourceBuilder builder) => builder.ConfigureTypeLoading(static types => types.EnableTypeLoading(false));

    // Only asked, at each new connection: what is set for the session meets others behind a pooler, which does not pass on what the
    // connection string could say either.
    const string IsolationSql = "SELECT current_setting('default_transaction_isolation') <> 'read committed'";

    void LookAtIsolation(NpgsqlSlimDataSourceBuilder builder)
    {
        builder.UsePhysicalConnectionInitializer(
            connection =>
            {
                using var command = new NpgsqlCommand(IsolationSql, connection);
                _isolatesOtherwise |= (bool)command.ExecuteScalar()!;
            },
            async connection =>
            {
                await using var command = new NpgsqlCommand(IsolationSql, connection);
                _isolatesOtherwise |= (bool)(await command.ExecuteScalarAsync().ConfigureAwait(false))!;
            });
    }

    static NpgsqlDataSource Build(NpgsqlConnectionStringBuilder settings, params ReadOnlySpan<Action<NpgsqlSlimDataSourceBuilder>> configure)
    {
        var builder = new NpgsqlSlimDataSourceBuilder(settings.ConnectionString);
        foreach (var option in configure)
            option(builder);
        builder.EnableArrays();
        builder.EnableTransportSecurity();
        builder.EnableIntegratedSecurity();
        return builder.Build();
    }

    async ValueTask<NpgsqlConnection> OpenAsync(NpgsqlDataSource dataSource, CancellationToken cancellationToken)
    {
        try
        {
            return await OpenOrGiveUpAsync(dataSource, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is NpgsqlException or SocketException or TimeoutException)
        {
            throw new DatabaseUnavailableException(
                $"Jobs cannot open a connection to PostgreSQL at {_settings.Host}:{_settings.Port}, database \"{_settings.Database ?? _settings.Username}\", " +
                $"user \"{_settings.Username}\": {Reason(exception)} Is the server up, and is the connection string right?",
                exception);
        }
    }

    // Npgsql misses a cancel that comes between two steps of a handshake, and then waits for as long as the connection's timeout allows. A host
    // that is to stop cannot.
    static async ValueTask<NpgsqlConnection> OpenOrGiveUpAsync(NpgsqlDataSource dataSource, CancellationToken cancellationToken)
    {
        var opening = dataSource.OpenConnectionAsync(cancellationToken);
        if (opening.IsCompletedSuccessfully)
            return opening.Result;

        var opened = opening.AsTask();
        try
        {
            return await opened.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (!opened.IsCompleted)
        {
            _ = CloseLateAsync(opened);
            throw;
        }
    }

    static async Task CloseLateAsync(Task<NpgsqlConnection> opened)
    {
        await ((Task)opened).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (opened.IsCompletedSuccessfully)
            await opened.Result.DisposeAsync().ConfigureAwait(false);
    }

    static string Reason(Exception exception) => exception switch
    {
        PostgresException refused => $"{refused.MessageText} ({refused.SqlState}).",
        { InnerException: { } cause and not TimeoutException } => $"{cause.Message.TrimEnd('.')}.",
        _ => $"{exception.Message.TrimEnd('.')}.",
    };

    public void Dispose()
    {
        _warm.Clear();
        _control.Dispose();
        _callers.Dispose();
        _shared.Dispose();
        _listener.Dispose();
    }

    public async ValueTask DisposeAsync()
    {
        await _warm.ClearAsync().ConfigureAwait(false);
        await _control.DisposeAsync().ConfigureAwait(false);
        await _callers.DisposeAsync().ConfigureAwait(false);
        await _shared.DisposeAsync().ConfigureAwait(false);
        await _listener.DisposeAsync().ConfigureAwait(false);
    }
}
