using Jobs.Bench.Measuring;
using Npgsql;

namespace Jobs.Bench;

/// <summary>
/// The server that is measured, as seen from a connection to another of its databases, so that what the bench asks is not counted with what
/// the jobs ask.
/// </summary>
/// <remarks>
/// Jobs are stored once, in a database that then serves as the template of each run's own: all runs start from the same pages, freshly
/// vacuumed, analyzed, in shared buffers and on disk.
/// </remarks>
sealed class BenchServer : IAsyncDisposable
{
    const string FilledPrefix = "jobs_bench_filled";
    public const string Measured = "jobs_bench_run";

    readonly NpgsqlConnection _connection;
    readonly HashSet<string> _filled = [];
    readonly NpgsqlConnectionStringBuilder _settings;

    BenchServer(NpgsqlConnection connection, NpgsqlConnectionStringBuilder settings, Setting setting, bool canCountStatements)
    {
        _connection = connection;
        _settings = settings;
        Setting = setting;
        CanCountStatements = canCountStatements;
        Counters = new ServerCounters(connection);
    }

    public Setting Setting { get; }

    public ServerCounters Counters { get; }

    /// <summary>Whether pg_stat_statements is there.</summary>
    public bool CanCountStatements { get; }

    public static async Task<BenchServer> OpenAsync(NpgsqlConnectionStringBuilder settings, CancellationToken cancellationToken)
    {
        var own = new NpgsqlConnectionStringBuilder(settings.ConnectionString) { Pooling = false, CommandTimeout = 0 };
        var connection = new NpgsqlConnection(own.ConnectionString);
        try
        {
            await connection.OpenAsync(cancellationToken);
            var counts = await ServerCounters.TryEnableStatementsAsync(connection, cancellationToken);
            return new BenchServer(connection, settings, await Setting.ReadAsync(connection, cancellationToken), counts);
        }
        catch
        {
            await connection.DisposeAsync();
            throw;
        }
    }

    /// <summary>The databases that are dropped and made anew.</summary>
    public const string OwnDatabases = $"{FilledPrefix} and what begins with it, and {Measured}";

    /// <summary>Makes a database from which runs start.</summary>
    /// <param name="content">Its name's end: what is in it. Empty where all runs start from the same one.</param>
    /// <param name="fillAsync">Gets a connection string of an empty database, and leaves no connection open.</param>
    /// <param name="cancellationToken">Leaves a database that the next call replaces.</param>
    public async Task FillAsync(string content, Func<string, CancellationToken, Task> fillAsync, CancellationToken cancellationToken)
    {
        var filled = FilledPrefix + content;
        _filled.Add(filled);
        await ExecuteAsync($"DROP DATABASE IF EXISTS {filled} WITH (FORCE)", cancellationToken);
        await ExecuteAsync($"CREATE DATABASE {filled} TEMPLATE template0", cancellationToken);
        await fillAsync(ConnectionStringOf(filled), cancellationToken);
        await using var connection = new NpgsqlConnection(new NpgsqlConnectionStringBuilder(ConnectionStringOf(filled)) { Pooling = false, CommandTimeout = 0 }.ConnectionString);
        await connection.OpenAsync(cancellationToken);
        await using var command = new NpgsqlCommand("VACUUM (ANALYZE)", connection);
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    /// <summary>Makes a run's database, and writes everything before it to disk.</summary>
    /// <param name="content">Of the filled one.</param>
    /// <param name="countStatements">Has pg_stat_statements count what is asked in it.</param>
    /// <param name="cancellationToken">Leaves a database that the next call replaces.</param>
    /// <returns>A connection string of it.</returns>
    public async Task<string> CopyFilledAsync(string content, bool countStatements, CancellationToken cancellationToken)
    {
        await ExecuteAsync($"DROP DATABASE IF EXISTS {Measured} WITH (FORCE)", cancellationToken);
        await ExecuteAsync($"CREATE DATABASE {Measured} TEMPLATE {FilledPrefix}{content}", cancellationToken);
        if (countStatements)
            await Counters.CountStatementsOfAsync(Measured, cancellationToken);
        await ExecuteAsync("CHECKPOINT", cancellationToken);
        return ConnectionStringOf(Measured);
    }

    public async ValueTask DisposeAsync()
    {
        await ExecuteAsync($"DROP DATABASE IF EXISTS {Measured} WITH (FORCE)", CancellationToken.None);
        foreach (var filled in _filled)
            await ExecuteAsync($"DROP DATABASE IF EXISTS {filled} WITH (FORCE)", CancellationToken.None);
        await _connection.DisposeAsync();
    }

    // Each database has a pool of its own in the process, which ends with the host that opened it.
    string ConnectionStringOf(string database) => new NpgsqlConnectionStringBuilder(_settings.ConnectionString) { Database = database }.ConnectionString;

    async Task ExecuteAsync(string sql, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(sql, _connection);
        await command.ExecuteNonQueryAsync(cancellationToken);
    }
}
