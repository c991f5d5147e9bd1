using Jobs.Postgres;
using Npgsql;

namespace Jobs;

/// <summary>The schema's versions: to be had as scripts, or gone to, up and down.</summary>
/// <remarks>A host does it by itself when it starts, unless <see cref="JobsOptions.MigrateAtStart"/> is off. A program of one version works with the schema of the next.</remarks>
public static class JobsMigrations
{
    /// <summary>The version that this package needs.</summary>
    public static int Latest => Migration.Latest;

    /// <summary>The SQL that brings a schema from one version to another, for <c>psql</c> and for reading.</summary>
    /// <param name="from">The version that it has; 0 for none. The script refuses any other.</param>
    /// <param name="to">The version that it gets, which may be lower; <see langword="null"/> for <see cref="Latest"/>. 0 removes all tables.</param>
    /// <param name="schema">The schema's name.</param>
    /// <returns>One transaction for each version; what builds an index without blocking stands between them.</returns>
    /// <exception cref="ArgumentOutOfRangeException">There is no such version.</exception>
    /// <exception cref="ArgumentException">The schema's name has another form than it may have.</exception>
    public static string Script(int from = 0, int? to = null, string schema = "jobs") =>
        MigrationScript.Write(Known(from, nameof(from)), Known(to ?? Latest, nameof(to)), new SchemaName(schema));

    /// <summary>Brings the schema of a database to a version, while programs of the version before go on.</summary>
    /// <param name="connectionString">As for <see cref="JobsBuilder.UsePostgres"/>; of a role that may create in the database.</param>
    /// <param name="to">The version, which may be lower than the schema's; <see langword="null"/> for <see cref="Latest"/>. 0 removes all tables.</param>
    /// <param name="schema">The schema's name.</param>
    /// <param name="cancellationToken">Ends it between two versions, or in one, which is undone.</param>
    /// <exception cref="ArgumentOutOfRangeException">There is no such version.</exception>
    /// <exception cref="SchemaException">The role may not change the schema, or a table is in use for longer than five minutes.</exception>
    /// <exception cref="DatabaseUnavailableException">The server cannot be reached.</exception>
    public static async Task MigrateAsync(string connectionString, int? to = null, string schema = "jobs", CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(connectionString);
        var target = Known(to ?? Latest, nameof(to));
        await using var database = new PostgresDatabase(new NpgsqlConnectionStringBuilder(connectionString), new SchemaName(schema));
        await new Migrator(database).MigrateAsync(target, cancellationToken).ConfigureAwait(false);
    }

    static int Known(int version, string parameter) => version == Migration.None || Migration.All.Any(migration => migration.Version == version)
        ? version
        : throw new ArgumentOutOfRangeException(parameter, version, $"There is no version {version}: the versions are 0 to {Latest}.");
}
