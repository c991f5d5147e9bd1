using Jobs.Postgres;
using Jobs.Testing.Database;
using Npgsql;

namespace Jobs.Runtime.Tests.Maintenance;

/// <summary>The schema's versions: up and down, as scripts, and while nodes of the version before work.</summary>
public sealed class MigrationTests
{
    public static TheoryData<int> Versions => [.. Migration.All.Select(migration => migration.Version)];

    public static TheoryData<int> VersionsThatWereFollowed => [.. FormerNode.Versions];

    [Fact]
    public void Of_each_version_but_the_newest_the_statements_are_kept() =>
        Assert.Equal(Migration.All.Select(migration => migration.Version).SkipLast(1), FormerNode.Versions);

    [Theory]
    [MemberData(nameof(VersionsThatWereFollowed))]
    public async Task Nodes_of_a_version_work_on_while_the_schema_goes_to_the_newest(int version)
    {
        await using var database = await TestDatabase.CreateAsync(TestContext.Current.CancellationToken);
        await GoToAsync(database, version);
        await ExecuteAsync(database, "INSERT INTO jobs.jobs (worker, queue, state, finished_at) SELECT 'Mailer', 'mail', 'completed', now() FROM generate_series(1, 20000)");
        await using var one = await FormerNode.StartAsync(database, version);
        await using var other = await FormerNode.StartAsync(database, version);

        foreach (var step in Migration.Between(version, Migration.Latest))
        {
            await GoToAsync(database, step.To);
            await one.GoesOnAsync(10);
            await other.GoesOnAsync(10);
        }

        await one.StopAsync();
        await other.StopAsync();
        Assert.Equal(one.Acknowledged + other.Acknowledged + 20_000, await ScalarAsync<long>(database, "SELECT count(*) FROM jobs.jobs WHERE state = 'completed'"));
        Assert.Equal(0, await ScalarAsync<long>(database, "SELECT count(*) FROM jobs.jobs WHERE state = 'executing'"));
    }

    [Fact]
    public async Task A_migration_that_has_to_wait_for_a_transaction_lets_the_nodes_pass_and_tries_again()
    {
        await using var database = await TestDatabase.CreateAsync(TestContext.Current.CancellationToken);
        var version = FormerNode.Versions.First();
        await GoToAsync(database, version);
        await using var node = await FormerNode.StartAsync(database, version);
        await using var connection = await OpenAsync(database);
        await using var reader = await connection.BeginTransactionAsync(TestContext.Current.CancellationToken);
        await using (var read = new NpgsqlCommand("SELECT count(*) FROM jobs.jobs", connection, reader))
            await read.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);

        var migrating = GoToAsync(database, Migration.Latest);
        await Task.Delay(TimeSpan.FromSeconds(8), TestContext.Current.CancellationToken);
        Assert.False(migrating.IsCompleted);
        await node.GoesOnAsync(1);
        var longest = node.Longest;
        await reader.RollbackAsync(TestContext.Current.CancellationToken);
        await migrating;
        await node.StopAsync();

        Assert.InRange(longest, TimeSpan.FromMilliseconds(500), TimeSpan.FromSeconds(5));
    }

    [Theory]
    [MemberData(nameof(Versions))]
    public async Task Each_step_has_a_way_back_that_leaves_the_schema_as_it_was(int version)
    {
        await using var database = await TestDatabase.CreateAsync(TestContext.Current.CancellationToken);
        var step = Migration.Between(Migration.None, version)[^1];
        await GoToAsync(database, step.From);
        var before = step.From == Migration.None ? [] : await SchemaFingerprint.ReadAsync(database.ConnectionString);
        await GoToAsync(database, version);
        var after = await SchemaFingerprint.ReadAsync(database.ConnectionString);
        await ExecuteAsync(database, "INSERT INTO jobs.jobs (worker) VALUES ('Mailer')");

        await GoToAsync(database, step.From);
        var back = await SchemaFingerprint.ReadAsync(database.ConnectionString);
        await GoToAsync(database, version);

        Assert.NotEqual(before, after);
        Assert.Equal(before, back);
        Assert.Equal(after, await SchemaFingerprint.ReadAsync(database.ConnectionString));
    }

    [Fact]
    public async Task The_script_leads_where_the_migration_leads_and_back()
    {
        await using var migrated = await TestDatabase.CreateAsync(TestContext.Current.CancellationToken);
        await using var scripted = await TestDatabase.CreateAsync(TestContext.Current.CancellationToken);
        await GoToAsync(migrated, Migration.Latest);

        await RunScriptAsync(scripted, JobsMigrations.Script());
        Assert.Equal(await SchemaFingerprint.ReadAsync(migrated.ConnectionString), await SchemaFingerprint.ReadAsync(scripted.ConnectionString));
        Assert.Equal(
            await ScalarAsync<string>(migrated, "SELECT string_agg(version || name, ' ' ORDER BY version) FROM jobs.migrations"),
            await ScalarAsync<string>(scripted, "SELECT string_agg(version || name, ' ' ORDER BY version) FROM jobs.migrations"));

        await RunScriptAsync(scripted, JobsMigrations.Script(JobsMigrations.Latest, 0));
        Assert.Empty(await SchemaFingerprint.ReadAsync(scripted.ConnectionString));
    }

    [Fact]
    public async Task A_script_for_another_version_is_refused_and_changes_nothing()
    {
        await using var database = await TestDatabase.CreateAsync(TestContext.Current.CancellationToken);
        await GoToAsync(database, Migration.All[1].Version);
        var before = await SchemaFingerprint.ReadAsync(database.ConnectionString);

        var refused = await Assert.ThrowsAsync<PostgresException>(() => RunScriptAsync(database, JobsMigrations.Script(from: Migration.All[0].Version, to: Migration.All[1].Version)));

        Assert.Contains($"has version {Migration.All[1].Version}", refused.MessageText, StringComparison.Ordinal);
        Assert.Equal(before, await SchemaFingerprint.ReadAsync(database.ConnectionString));
    }

    [Fact]
    public async Task A_build_of_an_index_that_was_broken_off_is_done_anew()
    {
        await using var database = await TestDatabase.CreateAsync(TestContext.Current.CancellationToken);
        var step = Migration.Between(Migration.None, Migration.Latest).First(step => !step.IsInTransaction);
        await GoToAsync(database, step.To);
        var expected = await SchemaFingerprint.ReadAsync(database.ConnectionString);
        await ExecuteAsync(database, $"UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'jobs.jobs_finished'::regclass; DELETE FROM jobs.migrations WHERE version >= {step.To}");

        await GoToAsync(database, step.To);

        Assert.Equal(expected, await SchemaFingerprint.ReadAsync(database.ConnectionString));
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(1_000)]
    public void A_version_that_does_not_exist_is_refused(int version)
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => JobsMigrations.Script(from: version));
        Assert.Throws<ArgumentOutOfRangeException>(() => JobsMigrations.Script(to: version));
    }

    static Task GoToAsync(TestDatabase database, int version) =>
        JobsMigrations.MigrateAsync(database.ConnectionString, version, cancellationToken: TestContext.Current.CancellationToken);

    // As psql does: statement by statement, which end with a line that ends with a semicolon outside of dollar quotes.
    static async Task RunScriptAsync(TestDatabase database, string script)
    {
        await using var connection = await OpenAsync(database);
        var statement = "";
        foreach (var line in script.Split('\n'))
        {
            statement += $"{line}\n";
            if (!line.Split("--")[0].TrimEnd().EndsWith(';') || statement.Split('$').Length % 4 != 1)
                continue;
            await using var command = new NpgsqlCommand(statement, connection);
            await command.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
            statement = "";
        }
    }

    static async Task<NpgsqlConnection> OpenAsync(TestDatabase database)
    {
        var connection = new NpgsqlConnection(database.ConnectionString);
        await connection.OpenAsync(TestContext.Current.CancellationToken);
        return connection;
    }

    static async Task ExecuteAsync(TestDatabase database, string sql)
    {
        await using var connection = await OpenAsync(database);
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
    }

    static async Task<T> ScalarAsync<T>(TestDatabase database, string sql)
    {
        await using var connection = await OpenAsync(database);
        await using var command = new NpgsqlCommand(sql, connection);
        return (T)(await command.ExecuteScalarAsync(TestContext.Current.CancellationToken))!;
    }
}
