using System.Globalization;
using Npgsql;
using NpgsqlTypes;

namespace Jobs.Postgres;

/// <summary>Applies the numbered SQL files that a database has not seen, in one transaction.</summary>
static class Migrator
{
    const int OldestServer = 14;

    // The only advisory lock in Jobs, and one of a transaction: nodes that start at once wait for the first.
    const string LockSql = "SELECT pg_advisory_xact_lock(hashtextextended('jobs migration ' || $1, 0))";

    const string PrepareSql = """
        CREATE SCHEMA IF NOT EXISTS :schema;
        CREATE TABLE IF NOT EXISTS :schema.migrations (
            version    integer PRIMARY KEY,
            name       text NOT NULL,
            applied_at timestamptz NOT NULL DEFAULT now()
        );
        """;

    const string CurrentSql = "SELECT coalesce(max(version), 0) FROM :schema.migrations";

    const string RecordSql = "INSERT INTO :schema.migrations (version, name) VALUES ($1, $2)";

    public static async Task MigrateAsync(PostgresDatabase database, CancellationToken cancellationToken)
    {
        var schema = database.Schema;
        await using var connection = await database.OpenAsync(cancellationToken).ConfigureAwait(false);
        RefuseOldServer(connection);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken).ConfigureAwait(false);

        await using (var command = Command(LockSql, connection))
        {
            command.Parameters.Bind(schema.Name, NpgsqlDbType.Text);
            await command.ExecuteNonQueryAsync(cancellationToken).ConfigureAwait(false);
        }

        if (!await ExistsAsync(connection, schema, cancellationToken).ConfigureAwait(false))
            await ExecuteAsync(connection, schema.Qualify(PrepareSql), cancellationToken).ConfigureAwait(false);
        var current = await CurrentVersionAsync(connection, schema, cancellationToken).ConfigureAwait(false);
        foreach (var migration in Migrations().Where(migration => migration.Version > current))
        {
            await ExecuteAsync(connection, schema.Qualify(migration.Read()), cancellationToken).ConfigureAwait(false);
            await using var record = new NpgsqlCommand(schema.Qualify(RecordSql), connection);
            record.Parameters.Bind(migration.Version, NpgsqlDbType.Integer);
            record.Parameters.Bind(migration.Name, NpgsqlDbType.Text);
            await record.ExecuteNonQueryAsync(cancellationToken).ConfigureAwait(false);
        }

        await transaction.CommitAsync(cancellationToken).ConfigureAwait(false);
    }

    static void RefuseOldServer(NpgsqlConnection connection)
    {
        if (connection.PostgreSqlVersion.Major < OldestServer)
            throw new NotSupportedException($"Jobs needs PostgreSQL {OldestServer} or later; the server at {connection.Host}:{connection.Port} is version {connection.ServerVersion}.");
    }

    // Asked first, because CREATE SCHEMA IF NOT EXISTS wants the right to create one even where it exists.
    static async Task<bool> ExistsAsync(NpgsqlConnection connection, SchemaName schema, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand("SELECT to_regclass($1) IS NOT NULL", connection);
        command.Parameters.Bind(schema.Qualify(":schema.migrations"), NpgsqlDbType.Text);
        return (bool)(await command.ExecuteScalarAsync(cancellationToken).ConfigureAwait(false))!;
    }

    static async Task<int> CurrentVersionAsync(NpgsqlConnection connection, SchemaName schema, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(schema.Qualify(CurrentSql), connection);
        return (int)(await command.ExecuteScalarAsync(cancellationToken).ConfigureAwait(false))!;
    }

    static async Task ExecuteAsync(NpgsqlConnection connection, string sql, CancellationToken cancellationToken)
    {
        await using var command = Command(sql, connection);
        await command.ExecuteNonQueryAsync(cancellationToken).ConfigureAwait(false);
    }

    // Another node's migration, or an index on a long table, takes as long as it takes.
    static NpgsqlCommand Command(string sql, NpgsqlConnection connection) => new(sql, connection) { CommandTimeout = 0 };

    static IEnumerable<Migration> Migrations() =>
        typeof(Migrator).Assembly.GetManifestResourceNames()
            .Where(name => name.EndsWith(".sql", StringComparison.Ordinal))
            .Select(name => new Migration(int.Parse(name.AsSpan(0, 3), CultureInfo.InvariantCulture), name))
            .OrderBy(migration => migration.Version);

    sealed record Migration(int Version, string Name)
    {
        public string Read()
        {
            using var stream = typeof(Migrator).Assembly.GetManifestResourceStream(Name)!;
            using var reader = new StreamReader(stream);
            return reader.ReadToEnd();
        }
    }
}
