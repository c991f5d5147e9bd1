using System.Security.Cryptography;
using Jobs.Postgres;
using Jobs.Runtime.Tests.Behaviour;
using Jobs.Runtime.Tests.Conformance;
using Jobs.Testing.Database;
using Npgsql;

namespace Jobs.Runtime.Tests.Maintenance;

/// <summary>A host whose role owns nothing, and may do with the schema what docs/maintenance.md grants, or less.</summary>
public sealed class RoleTests : IAsyncLifetime
{
    readonly string _role = $"app_{Guid.NewGuid():N}";
    readonly string _password = Convert.ToHexString(RandomNumberGenerator.GetBytes(16));
    TestDatabase _database = null!;

    string Login => $"Username={_role};Password={_password}";

    // A private cluster, where the tests may create roles.
    public async ValueTask InitializeAsync()
    {
        _database = await TestDatabase.CreateCountedAsync(TestContext.Current.CancellationToken);
        await ExecuteAsync($"CREATE ROLE {_role} LOGIN PASSWORD '{_password}'; REVOKE ALL ON SCHEMA public FROM PUBLIC; REVOKE TEMPORARY ON DATABASE {new NpgsqlConnectionStringBuilder(_database.ConnectionString).Database} FROM PUBLIC");
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_node_works_with_what_is_documented_and_no_more(bool migrateAtStart)
    {
        await MigrateAsync(Migration.Latest);
        await GrantAsDocumentedAsync();
        await using var host = await StartAsync(migrateAtStart);

        await host.Client.EnqueueBatchAsync("b", Enumerable.Range(0, 200).Select(static i => Greeter.New(new Greeting($"{i}"))), cancellationToken: TestContext.Current.CancellationToken);
        var failing = await host.Client.EnqueueAsync(Greeter.New(new Greeting("later")) with { ScheduleIn = TimeSpan.FromHours(1), Key = "later" }, TestContext.Current.CancellationToken);
        await host.Script.Seen("b: 200 completed, 0 cancelled, 0 discarded of 200");
        Assert.True((await host.Client.CancelAsync(failing.Id, TestContext.Current.CancellationToken)).IsDone);
        Assert.True((await host.Client.DeleteAsync(failing.Id, TestContext.Current.CancellationToken)).IsDone);
        await host.UntilAsync<long>("SELECT count(*) FROM jobs.leader", static count => count == 1);

        Assert.Equal([], host.Logs.Lines.Where(static line => line.StartsWith("Warning", StringComparison.Ordinal) || line.StartsWith("Error", StringComparison.Ordinal)));
        await using var asRole = new NpgsqlConnection($"{_database.ConnectionString};{Login}");
        await asRole.OpenAsync(TestContext.Current.CancellationToken);
        foreach (var refused in new[] { "CREATE TABLE jobs.mine ()", "CREATE TABLE public.mine ()", "CREATE TEMP TABLE mine ()", "CREATE SCHEMA mine", "ALTER TABLE jobs.jobs ADD mine integer", "TRUNCATE jobs.jobs" })
        {
            await using var command = new NpgsqlCommand(refused, asRole);
            Assert.Equal(PostgresErrorCodes.InsufficientPrivilege, (await Assert.ThrowsAsync<PostgresException>(() => command.ExecuteNonQueryAsync(TestContext.Current.CancellationToken))).SqlState);
        }
    }

    [Fact]
    public async Task Every_statement_of_a_store_is_allowed_by_what_is_documented()
    {
        await MigrateAsync(Migration.Latest);
        await GrantAsDocumentedAsync();
        await using var harness = PostgresHarness.On(_database, Login);
        var node = await harness.RegisterNodeAsync();

        await EveryVerb.UseAsync(harness, node, 0);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_role_that_would_have_to_migrate_and_may_not_is_told_which_script_its_owner_has_to_run(bool hasSchema)
    {
        var version = hasSchema ? Migration.Latest - 1 : Migration.None;
        if (hasSchema)
        {
            await MigrateAsync(version);
            await GrantAsDocumentedAsync();
        }

        var migrating = await Assert.ThrowsAsync<SchemaException>(() => StartAsync(migrateAtStart: true));
        var requiring = await Assert.ThrowsAsync<SchemaException>(() => StartAsync(migrateAtStart: false));

        Assert.StartsWith($"The schema \"jobs\" has version {version}, and this program needs {Migration.Latest}. The role may not change it (", migrating.Message, StringComparison.Ordinal);
        Assert.EndsWith($"Have its owner run the script that JobsMigrations.Script({version}) gives, and switch JobsOptions.MigrateAtStart off.", migrating.Message, StringComparison.Ordinal);
        Assert.StartsWith($"The schema \"jobs\" has version {version}, and this program needs {Migration.Latest}. Migrate it", requiring.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("SELECT", true)]
    [InlineData("SELECT", false)]
    [InlineData("GRANT USAGE ON SCHEMA jobs TO {0}", true)]
    [InlineData("GRANT USAGE ON SCHEMA jobs TO {0}", false)]
    public async Task A_role_that_may_not_look_at_the_schema_is_told_what_it_lacks(string granted, bool migrateAtStart)
    {
        await MigrateAsync(Migration.Latest);
        await ExecuteAsync(string.Format(System.Globalization.CultureInfo.InvariantCulture, granted, _role));

        var refused = await Assert.ThrowsAsync<SchemaException>(() => StartAsync(migrateAtStart));

        Assert.StartsWith("The role may not use the schema \"jobs\" (permission denied for", refused.Message, StringComparison.Ordinal);
        Assert.Contains("docs/maintenance.md", refused.Message, StringComparison.Ordinal);
    }

    Task<TestHost> StartAsync(bool migrateAtStart) => TestHost.StartOnAsync(_database, jobs => jobs.Configure(options => options.MigrateAtStart = migrateAtStart), settings: Login);

    Task MigrateAsync(int version) => JobsMigrations.MigrateAsync(_database.ConnectionString, version, cancellationToken: TestContext.Current.CancellationToken);

    // Functions may be executed by everybody, unless somebody has taken that away.
    async Task GrantAsDocumentedAsync()
    {
        await ExecuteAsync("REVOKE ALL ON ALL FUNCTIONS IN SCHEMA jobs FROM PUBLIC");
        var grants = DocumentTests.Lines("docs/maintenance.md").Where(static line => line.StartsWith("GRANT ", StringComparison.Ordinal)).ToList();
        Assert.Equal(4, grants.Count);
        foreach (var grant in grants)
            await ExecuteAsync(grant.Replace(" TO app;", $" TO {_role}", StringComparison.Ordinal));
    }

    async Task ExecuteAsync(string sql)
    {
        await using var connection = new NpgsqlConnection($"{_database.ConnectionString};Pooling=false");
        await connection.OpenAsync(TestContext.Current.CancellationToken);
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
    }

    public async ValueTask DisposeAsync()
    {
        await ExecuteAsync($"DROP OWNED BY {_role}; DROP ROLE {_role}");
        await _database.DisposeAsync();
    }
}
