using System.Globalization;
using System.Text.Json;
using Jobs.Postgres;
using Jobs.Store;
using Jobs.Testing.Database;
using Npgsql;

namespace Jobs.Runtime.Tests.Conformance;

sealed class PostgresHarness : StoreHarness
{
    readonly TestDatabase? _owned;
    readonly PostgresDatabase _database;

    PostgresHarness(string connectionString, TestDatabase? owned)
    {
        ConnectionString = connectionString;
        _owned = owned;
        _database = new PostgresDatabase(new NpgsqlConnectionStringBuilder(connectionString), new SchemaName("jobs"));
        Store = new PostgresStore(_database);
    }

    public override JobStore Store { get; }

    public string ConnectionString { get; }

    /// <summary>Starts on a database of its own.</summary>
    /// <param name="settings">What its sessions begin with, such as <c>statement_timeout = '1s'</c>.</param>
    public static async Task<PostgresHarness> StartAsync(params IReadOnlyList<string> settings)
    {
        var database = await TestDatabase.CreateAsync(TestContext.Current.CancellationToken);
        foreach (var setting in settings)
            await database.SetAsync(setting, TestContext.Current.CancellationToken);
        var harness = new PostgresHarness(database.ConnectionString, database);
        await harness.Store.MigrateAsync(TestContext.Current.CancellationToken);
        return harness;
    }

    /// <summary>Starts on a database that is migrated, and that outlives it.</summary>
    /// <param name="database">The database.</param>
    /// <param name="settings">Appended to the connection string, and so leading.</param>
    public static PostgresHarness On(TestDatabase database, string settings) => new($"{database.ConnectionString};{settings}", owned: null);

    public override async Task<StoredJob?> FindJobAsync(long id) => (await ReadAsync($"j.id = {id}")).SingleOrDefault();

    public override Task<IReadOnlyList<StoredJob>> CallbacksAsync(string batchId) =>
        ReadAsync($"j.callback_of = (SELECT key FROM jobs.batches WHERE id = '{batchId}')");

    public override async Task<long> CountJobsAsync() => (long)(await ScalarAsync("SELECT count(*) FROM jobs.jobs"))!;

    public override Task DeleteJobAsync(long id) => ScalarAsync($"DELETE FROM jobs.jobs WHERE id = {id}");

    public override Task RequestCancelAsync(long id) => ScalarAsync($"UPDATE jobs.jobs SET cancel_requested_at = jobs.clock() WHERE id = {id}");

    public override Task MoveClockAsync(TimeSpan ahead) => ScalarAsync(string.Create(
        CultureInfo.InvariantCulture,
        $"CREATE OR REPLACE FUNCTION jobs.clock() RETURNS timestamptz LANGUAGE sql STABLE PARALLEL SAFE AS 'SELECT now() + interval ''{ahead.TotalSeconds} seconds'''"));

    public override Task SetAttemptsAsync(long id, int attempt, int maxAttempts) =>
        ScalarAsync($"UPDATE jobs.jobs SET attempt = {attempt}, max_attempts = {maxAttempts} WHERE id = {id}");

    public override Task HoldKeyAsync(long id, long holder) => ScalarAsync($"""
        WITH key AS (
            INSERT INTO jobs.unique_keys (key, job_id, expires_at, held_in)
            VALUES (gen_random_uuid(), {holder}, 'infinity', enum_range(NULL::jobs.job_state))
            RETURNING key
        )
        UPDATE jobs.jobs SET unique_key = key.key FROM key WHERE id = {id}
        """);

    public override async Task<long> CountListenersAsync() => (long)(await ScalarAsync("SELECT count(*) FROM jobs.batch_callbacks"))!;

    public override async Task<long> CountKeysAsync() => (long)(await ScalarAsync("SELECT count(*) FROM jobs.unique_keys"))!;

    /// <summary>Runs a statement on the connection on which the store's last one ran.</summary>
    public async Task<object?> ScalarAsync(string sql)
    {
        await using var lent = await _database.LendAsync(TestContext.Current.CancellationToken);
        await using var command = new NpgsqlCommand(sql, lent.Connection);
        var value = await command.ExecuteScalarAsync(TestContext.Current.CancellationToken);
        lent.Well();
        return value;
    }

    async Task<IReadOnlyList<StoredJob>> ReadAsync(string where)
    {
        await using var connection = await _database.OpenAsync(TestContext.Current.CancellationToken);
        await using var command = new NpgsqlCommand(
            $"""
            SELECT j.id, j.state::text, j.run, j.attempt, j.crashes, j.worker, j.queue, j.args::text, j.errors::text,
                extract(epoch FROM j.scheduled_at - jobs.clock())::float8, j.output::text, j.cancel_requested_at IS NOT NULL, j.progress::text
            FROM jobs.jobs AS j
            WHERE {where}
            ORDER BY j.id
            """,
            connection);
        await using var reader = await command.ExecuteReaderAsync(TestContext.Current.CancellationToken);
        var jobs = new List<StoredJob>();
        while (await reader.ReadAsync(TestContext.Current.CancellationToken))
        {
            jobs.Add(new StoredJob(
                reader.GetInt64(0), JobStates.FromSql(reader.GetString(1)), reader.GetInt64(2), reader.GetInt16(3), reader.GetInt16(4),
                reader.GetString(5), reader.GetString(6), reader.GetString(7),
                reader.IsDBNull(8) ? [] : [.. JsonDocument.Parse(reader.GetString(8)).RootElement.EnumerateArray().Select(error => error.GetProperty("error").GetString()!)],
                TimeSpan.FromSeconds(reader.GetDouble(9)))
            {
                Output = reader.IsDBNull(10) ? null : reader.GetString(10),
                IsCancelRequested = reader.GetBoolean(11),
                Progress = reader.IsDBNull(12) ? null : reader.GetString(12),
            });
        }

        return jobs;
    }

    public override async ValueTask DisposeAsync()
    {
        await _database.DisposeAsync();
        if (_owned is not null)
            await _owned.DisposeAsync();
    }
}
