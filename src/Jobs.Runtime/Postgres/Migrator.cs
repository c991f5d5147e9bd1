using System.Data;
using System.Globalization;
using Jobs.Queues;
using Npgsql;
using NpgsqlTypes;

namespace Jobs.Postgres;

/// <summary>Brings a schema from the version it has to another, one numbered SQL file after the other, while nodes of the version before go on.</summary>
/// <remarks>
/// A change of a table waits for the transactions that use it, and everybody else waits behind it. So it waits for a second only, then lets them
/// pass, and tries again.
/// </remarks>
sealed class Migrator(PostgresDatabase database)
{
    const int OldestServer = 14;

    static readonly TimeSpan GivesUpAfter = TimeSpan.FromMinutes(5);
    static readonly TimeSpan AsksAgainAfter = TimeSpan.FromMilliseconds(100);

    // Asked first, because CREATE SCHEMA IF NOT EXISTS wants the right to create one even where it exists.
    const string ExistsSql = "SELECT to_regclass($1) IS NOT NULL";

    internal const string PrepareSql = """
        CREATE SCHEMA IF NOT EXISTS :schema;
        CREATE TABLE IF NOT EXISTS :schema.migrations (
            version    integer PRIMARY KEY,
            name       text NOT NULL,
            applied_at timestamptz NOT NULL DEFAULT now()
        );
        """;

    const string VersionSql = "SELECT coalesce(max(version), 0) FROM :schema.migrations";

    // The only advisory lock in Jobs, and one of a transaction. It is not waited for: a statement that waits has a snapshot, and for that
    // an index that is built without blocking would wait in turn.
    const string TryLockSql = "SELECT pg_try_advisory_xact_lock(hashtextextended('jobs migration ' || $1, 0))";

    // What the role is given for other purposes must not end a long step, and the wait for a lock must not be long. No query, and the
    // last before the step: a transaction keeps the snapshot of its last query until it asks for something else, and for that a build beside
    // it would wait.
    const string PatienceSql = "SET LOCAL statement_timeout = 0; SET LOCAL lock_timeout = '1s'";

    // Not said where it holds anyway, for a pooler would lend the session to others.
    const string LongPatienceSql = """
        SELECT set_config(name, '0', false)
        FROM unnest(ARRAY['statement_timeout', 'lock_timeout']) AS setting (name)
        WHERE current_setting(name) <> '0'
        """;

    const string RecordSql = "INSERT INTO :schema.migrations (version, name) VALUES ($1, $2)";

    const string ForgetSql = "DELETE FROM :schema.migrations WHERE version = $1";

    internal const string RemoveSql = "DROP TABLE :schema.migrations";

    readonly SchemaName _schema = database.Schema;

    /// <summary>Brings the schema to a version.</summary>
    /// <param name="to">The version; <see langword="null"/> for the newest, or a newer one that the schema has already.</param>
    /// <param name="cancellationToken">Ends it between two steps, or in one, which is undone.</param>
    /// <exception cref="SchemaException">The role may not change the schema, or somebody uses a table for longer than five minutes.</exception>
    public async Task MigrateAsync(int? to, CancellationToken cancellationToken)
    {
        var version = await VersionAsync(cancellationToken).ConfigureAwait(false);
        foreach (var step in Migration.Between(version, to ?? Math.Max(version, Migration.Latest)))
            await TakeAsync(step, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Refuses a schema that is older than this program.</summary>
    /// <exception cref="SchemaException">It is.</exception>
    public async Task RequireAsync(CancellationToken cancellationToken)
    {
        var version = await VersionAsync(cancellationToken).ConfigureAwait(false);
        if (version < Migration.Latest)
            throw TooOld(version, "Migrate it before the host starts, or leave JobsOptions.MigrateAtStart on.", null);
    }

    /// <summary>The version that the schema has; 0 if it has no tables of ours.</summary>
    /// <exception cref="SchemaException">The role may not look.</exception>
    public async Task<int> VersionAsync(CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenAsync(cancellationToken).ConfigureAwait(false);
        RefuseOldServer(connection);
        try
        {
            return await VersionAsync(connection, cancellationToken).ConfigureAwait(false);
        }
        catch (PostgresException exception) when (exception.SqlState == PostgresErrorCodes.InsufficientPrivilege)
        {
            throw new SchemaException(
                $"The role may not use the schema \"{_schema.Name}\" ({exception.MessageText}). Have its owner grant the role the schema's tables, sequences and functions: docs/maintenance.md has the statements.",
                exception);
        }
    }

    async Task TakeAsync(MigrationStep step, CancellationToken cancellationToken)
    {
        var began = DateTime.UtcNow;
        for (var failures = 1; ; failures++)
        {
            try
            {
                await TryAsync(step, cancellationToken).ConfigureAwait(false);
                return;
            }
            catch (PostgresException exception) when (exception.SqlState == PostgresErrorCodes.InsufficientPrivilege)
            {
                throw TooOld(
                    step.From,
                    $"The role may not change it ({exception.MessageText}). Have its owner run the script that JobsMigrations.Script({step.From}) gives, and switch JobsOptions.MigrateAtStart off.",
                    exception);
            }
            catch (PostgresException exception) when (IsInTheWay(exception) && DateTime.UtcNow - began > GivesUpAfter)
            {
                throw TooOld(step.From, $"{step.Migration.Name} could not lock a table for {GivesUpAfter}: some transaction has it open. pg_stat_activity says which; end it and start again.", exception);
            }
            catch (PostgresException exception) when (IsInTheWay(exception))
            {
                await Task.Delay(Backoff.AfterError(failures), cancellationToken).ConfigureAwait(false);
            }
        }
    }

    // One node takes a step, and the others find it taken.
    async Task TryAsync(MigrationStep step, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenAsync(cancellationToken).ConfigureAwait(false);
        await using var transaction = await LockAsync(connection, cancellationToken).ConfigureAwait(false);
        if (step.From == Migration.None && step.IsUp && !await ExistsAsync(connection, cancellationToken).ConfigureAwait(false))
            await ExecuteAsync(connection, _schema.Qualify(PrepareSql), cancellationToken).ConfigureAwait(false);
        if (await VersionAsync(connection, cancellationToken).ConfigureAwait(false) is var version && (step.IsUp ? version >= step.To : version <= step.To))
            return;

        await ExecuteAsync(connection, PatienceSql, cancellationToken).ConfigureAwait(false);
        if (step.IsInTransaction)
            await ExecuteAsync(connection, _schema.Qualify(step.Sql[0]), cancellationToken).ConfigureAwait(false);
        else
            await TakeApartAsync(step, cancellationToken).ConfigureAwait(false);
        await RecordAsync(connection, step, cancellationToken).ConfigureAwait(false);
        await transaction.CommitAsync(cancellationToken).ConfigureAwait(false);
    }

    // Between two tries the transaction is ended, so that nobody has to wait for its snapshot.
    async Task<NpgsqlTransaction> LockAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        while (true)
        {
            var transaction = await connection.BeginTransactionAsync(IsolationLevel.ReadCommitted, cancellationToken).ConfigureAwait(false);
            await using var command = new NpgsqlCommand(TryLockSql, connection);
            command.Parameters.Bind(_schema.Name, NpgsqlDbType.Text);
            if ((bool)(await command.ExecuteScalarAsync(cancellationToken).ConfigureAwait(false))!)
                return transaction;
            await transaction.DisposeAsync().ConfigureAwait(false);
            await Task.Delay(AsksAgainAfter, cancellationToken).ConfigureAwait(false);
        }
    }

    // On another connection, while the first one holds the lock. The settings go with the connection, which is in no pool.
    async Task TakeApartAsync(MigrationStep step, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenOutsidePoolsAsync(cancellationToken).ConfigureAwait(false);
        await ExecuteAsync(connection, LongPatienceSql, cancellationToken).ConfigureAwait(false);
        foreach (var sql in step.Sql)
            await ExecuteAsync(connection, _schema.Qualify(sql), cancellationToken).ConfigureAwait(false);
    }

    async Task RecordAsync(NpgsqlConnection connection, MigrationStep step, CancellationToken cancellationToken)
    {
        await using var record = new NpgsqlCommand(_schema.Qualify(step.IsUp ? RecordSql : ForgetSql), connection);
        record.Parameters.Bind(step.Migration.Version, NpgsqlDbType.Integer);
        if (step.IsUp)
            record.Parameters.Bind(step.Migration.Name, NpgsqlDbType.Text);
        await record.ExecuteNonQueryAsync(cancellationToken).ConfigureAwait(false);
        if (step.To == Migration.None)
            await ExecuteAsync(connection, _schema.Qualify(RemoveSql), cancellationToken).ConfigureAwait(false);
    }

    async Task<int> VersionAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        if (!await ExistsAsync(connection, cancellationToken).ConfigureAwait(false))
            return Migration.None;
        await using var command = new NpgsqlCommand(_schema.Qualify(VersionSql), connection);
        return (int)(await command.ExecuteScalarAsync(cancellationToken).ConfigureAwait(false))!;
    }

    async Task<bool> ExistsAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(ExistsSql, connection);
        command.Parameters.Bind(_schema.Qualify(":schema.migrations"), NpgsqlDbType.Text);
        return (bool)(await command.ExecuteScalarAsync(cancellationToken).ConfigureAwait(false))!;
    }

    static void RefuseOldServer(NpgsqlConnection connection)
    {
        if (connection.PostgreSqlVersion.Major < OldestServer)
            throw new NotSupportedException($"Jobs needs PostgreSQL {OldestServer} or later; the server at {connection.Host}:{connection.Port} is version {connection.ServerVersion}.");
    }

    // A long table takes as long as it takes.
    static async Task ExecuteAsync(NpgsqlConnection connection, string sql, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(sql, connection) { CommandTimeout = 0 };
        await command.ExecuteNonQueryAsync(cancellationToken).ConfigureAwait(false);
    }

    static bool IsInTheWay(PostgresException exception) =>
        exception.SqlState is PostgresErrorCodes.LockNotAvailable or PostgresErrorCodes.DeadlockDetected or PostgresErrorCodes.QueryCanceled;

    SchemaException TooOld(int version, string why, Exception? cause) => new(
        string.Create(CultureInfo.InvariantCulture, $"The schema \"{_schema.Name}\" has version {version}, and this program needs {Migration.Latest}. {why}"),
        cause);
}
