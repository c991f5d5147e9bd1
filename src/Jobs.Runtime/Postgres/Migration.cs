using System.Globalization;

namespace Jobs.Postgres;

/// <summary>One numbered change of the schema, and the way back.</summary>
/// <param name="Version">Its number: the schema's version when it is done.</param>
/// <param name="Name">The name of its file, as in <c>001_jobs.sql</c>.</param>
sealed record Migration(int Version, string Name)
{
    /// <summary>The version of a database that has no tables of ours.</summary>
    public const int None = 0;

    // The first line of a file that cannot run in a transaction, such as one that builds an index while jobs go on.
    const string Apart = "-- Not in a transaction.";

    /// <summary>All there are, by number.</summary>
    public static IReadOnlyList<Migration> All { get; } =
    [
        .. typeof(Migration).Assembly.GetManifestResourceNames()
            .Where(name => name.EndsWith(".sql", StringComparison.Ordinal) && !name.EndsWith(".down.sql", StringComparison.Ordinal))
            .Select(name => new Migration(int.Parse(name.AsSpan(0, 3), CultureInfo.InvariantCulture), name))
            .OrderBy(migration => migration.Version),
    ];

    /// <summary>The newest version.</summary>
    public static int Latest => All[^1].Version;

    /// <summary>The steps from one version to another, in their order.</summary>
    public static IReadOnlyList<MigrationStep> Between(int from, int to) => from <= to
        ? [.. All.Where(migration => migration.Version > from && migration.Version <= to).Select(migration => migration.Up())]
        : [.. All.Where(migration => migration.Version > to && migration.Version <= from).Reverse().Select(migration => migration.Down())];

    int Previous => All.LastOrDefault(other => other.Version < Version)?.Version ?? None;

    MigrationStep Up() => Step(Previous, Version, Read(Name));

    MigrationStep Down() => Step(Version, Previous, Read(Path.ChangeExtension(Name, ".down.sql")));

    MigrationStep Step(int from, int to, string sql) => sql.StartsWith(Apart, StringComparison.Ordinal)
        ? new(this, from, to, [.. sql.Split(";\n", StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)], IsInTransaction: false)
        : new(this, from, to, [sql], IsInTransaction: true);

    static string Read(string name)
    {
        using var stream = typeof(Migration).Assembly.GetManifestResourceStream(name)!;
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }
}

/// <summary>A way from one version to the next, or back.</summary>
/// <param name="Migration">Whose way it is.</param>
/// <param name="From">The version before.</param>
/// <param name="To">The version after.</param>
/// <param name="Sql">One text for a transaction; else statements that are sent one by one, and can be sent again after a failure.</param>
/// <param name="IsInTransaction">Which of the two it is.</param>
sealed record MigrationStep(Migration Migration, int From, int To, IReadOnlyList<string> Sql, bool IsInTransaction)
{
    public bool IsUp => To > From;
}
