using System.Globalization;
using Jobs.Testing.Database;
using Npgsql;

namespace Jobs.Runtime.Tests.Behaviour;

/// <summary>Behind a real PgBouncer in transaction mode, where each transaction may meet another session, and what one leaves there meets others.</summary>
public sealed class PgBouncerTests : IAsyncLifetime
{
    const int PoolSize = 4;
    const string AsDocumented = "Max Auto Prepare=0";

    TestDatabase _database = null!;
    PgBouncer _pooler = null!;

    public async ValueTask InitializeAsync()
    {
        _database = await TestDatabase.CreateCountedAsync(TestContext.Current.CancellationToken);
        _pooler = await PgBouncer.StartAsync(_database, PoolSize, TestContext.Current.CancellationToken);
    }

    [Theory]
    [InlineData(AsDocumented)]
    [InlineData($"{AsDocumented};No Reset On Close=true")]
    public async Task Two_nodes_behind_it_do_all_that_nodes_do_and_leave_no_state_in_its_sessions(string settings)
    {
        await using (var first = await StartAsync(settings))
        await using (var second = await StartAsync(settings))
        {
            await first.Client.EnqueueBatchAsync(
                "batch", Enumerable.Range(0, 3_000).Select(i => Greeter.New(new Greeting($"{i}"))), cancellationToken: TestContext.Current.CancellationToken);
            var later = await first.Client.EnqueueAsync(Greeter.New(new Greeting("later")) with { ScheduleIn = TimeSpan.FromMilliseconds(300) }, TestContext.Current.CancellationToken);
            await EnqueueInTransactionAsync(first, commit: true);
            await EnqueueInTransactionAsync(first, commit: false);

            await first.StateAsync(later.Id, "completed");
            await first.UntilAsync<long>("SELECT count(*) FROM jobs.jobs WHERE state <> 'completed'", count => count == 0);
            Assert.Equal(1, await first.ScalarAsync<long>("SELECT count(*) FROM jobs.leader JOIN jobs.nodes ON nodes.id = leader.node"));
            Assert.Equal(3_003, await first.ScalarAsync<long>("SELECT count(*) FROM jobs.jobs WHERE run = 1 AND attempt = 1"));
            Assert.Contains("batch: 3000 completed, 0 cancelled, 0 discarded of 3000", first.Script.Events.Concat(second.Script.Events));
            Assert.Equal([], Complaints(first).Concat(Complaints(second)));
            await AssertNothingIsLeftAsync();
        }

        await using var connection = await OpenAsync(_database.ConnectionString);
        Assert.Equal(0L, await ScalarAsync(connection, "SELECT (SELECT count(*) FROM jobs.nodes) + (SELECT count(*) FROM jobs.leader)"));
    }

    [Fact]
    public async Task A_node_that_stops_behind_it_gives_back_what_it_ran()
    {
        await using var host = await StartAsync(AsDocumented, script => script.Greet = async (_, cancellationToken) =>
        {
            script.Say("began");
            await Task.Delay(Timeout.Infinite, cancellationToken);
            return JobOutcome.Complete;
        });
        var job = await host.Client.EnqueueAsync(Greeter.New(new Greeting("long")), TestContext.Current.CancellationToken);
        await host.Script.Seen("began");

        await host.StopAsync();

        Assert.Equal("available 0", await host.ScalarAsync<string>($"SELECT state || ' ' || attempt FROM jobs.jobs WHERE id = {job.Id}"));
    }

    [Fact]
    public async Task A_job_that_runs_behind_it_is_cancelled_from_another_node()
    {
        await using var host = await StartAsync(AsDocumented, script => script.Greet = async (_, cancellationToken) =>
        {
            script.Say("began");
            await Task.Delay(Timeout.Infinite, cancellationToken);
            return JobOutcome.Complete;
        });
        await using var other = await TestHost.StartOnAsync(
            _database,
            static jobs => jobs.Configure(static options =>
            {
                options.Notifications = false;
                options.Queues.Clear();
            }),
            settings: $"{_pooler.Settings};{AsDocumented}");
        var job = await host.Client.EnqueueAsync(Greeter.New(new Greeting("long")), TestContext.Current.CancellationToken);
        await host.Script.Seen("began");

        Assert.True((await other.Client.CancelAsync(job.Id, TestContext.Current.CancellationToken)).IsDone);

        await host.StateAsync(job.Id, "cancelled");
    }

    [Fact]
    public async Task A_job_that_completes_itself_behind_it_commits_its_writes_and_its_end_at_once()
    {
        await using var host = await StartAsync(AsDocumented, script => script.Greet = async (job, cancellationToken) =>
        {
            await job.CompleteAsync(
                async (transaction, token) =>
                {
                    await using var write = new NpgsqlCommand("INSERT INTO written VALUES (1)", (NpgsqlConnection)transaction.Connection!);
                    await write.ExecuteNonQueryAsync(token);
                },
                cancellationToken);
            return JobOutcome.Complete;
        });
        await host.ExecuteAsync("CREATE TABLE written (number integer)");

        var job = await host.Client.EnqueueAsync(Greeter.New(new Greeting("writes")), TestContext.Current.CancellationToken);

        await host.StateAsync(job.Id, "completed");
        Assert.Equal(1, await host.ScalarAsync<long>("SELECT count(*) FROM written"));
    }

    [Fact]
    public async Task Statements_behind_it_are_read_committed_where_sessions_are_not()
    {
        await _database.SetAsync("default_transaction_isolation = 'serializable'", TestContext.Current.CancellationToken);
        await using (var migrator = await StartAsync(AsDocumented))
            await migrator.ExecuteAsync(IsolationLevelTests.RefuseOtherLevels);
        await using var first = await StartAsync(AsDocumented);
        await using var second = await StartAsync(AsDocumented);

        await first.Client.EnqueueBatchAsync(
            "batch", Enumerable.Range(0, 1_000).Select(i => Greeter.New(new Greeting($"{i}"))), cancellationToken: TestContext.Current.CancellationToken);
        await first.Client.EnqueueAsync(Greeter.New(new Greeting("one")), TestContext.Current.CancellationToken);

        await first.UntilAsync<long>("SELECT count(*) FROM jobs.jobs WHERE state <> 'completed'", count => count == 0);
        Assert.Contains("batch: 1000 completed, 0 cancelled, 0 discarded of 1000", first.Script.Events.Concat(second.Script.Events));
        Assert.Equal([], Complaints(first).Concat(Complaints(second)));
        await AssertNothingIsLeftAsync();
    }

    // Notifications are off, so other nodes' work is found by polling: quick here.
    Task<TestHost> StartAsync(string settings, Action<Script>? script = null) => TestHost.StartOnAsync(
        _database,
        static jobs => jobs.Configure(options =>
        {
            options.Notifications = false;
            options.NodeLease = TimeSpan.FromSeconds(3);
            options.ShutdownGrace = TimeSpan.FromMilliseconds(200);
        }),
        script,
        $"{_pooler.Settings};{settings}");

    async Task EnqueueInTransactionAsync(TestHost host, bool commit)
    {
        await using var connection = await OpenAsync($"{_database.ConnectionString};{_pooler.Settings}");
        await using var transaction = await connection.BeginTransactionAsync(TestContext.Current.CancellationToken);
        await host.Client.EnqueueAsync(Greeter.New(new Greeting($"in a transaction, {commit}")), transaction, TestContext.Current.CancellationToken);
        if (commit)
            await transaction.CommitAsync(TestContext.Current.CancellationToken);
    }

    static IEnumerable<string> Complaints(TestHost host) => host.Logs.Lines.Where(static line =>
        line.StartsWith("Warning", StringComparison.Ordinal) || line.StartsWith("Error", StringComparison.Ordinal) || line.StartsWith("Critical", StringComparison.Ordinal));

    // Each session of the pool is looked at, in a transaction that is open while the others are.
    async Task AssertNothingIsLeftAsync()
    {
        var looks = new List<NpgsqlConnection>();
        var sessions = new HashSet<int>();
        for (var i = 0; i < PoolSize; i++)
        {
            var look = await OpenAsync($"{_database.ConnectionString};{_pooler.Settings};Max Auto Prepare=0");
            looks.Add(look);
            await ScalarAsync(look, "BEGIN");
            sessions.Add((int)(await ScalarAsync(look, "SELECT pg_backend_pid()"))!);
            Assert.Equal(0L, await ScalarAsync(look, "SELECT count(*) FROM pg_prepared_statements"));
            Assert.Equal(0L, await ScalarAsync(look, "SELECT count(*) FROM pg_listening_channels()"));

            // What PgBouncer itself sets, as each client asks for it at its start.
            Assert.Null(await ScalarAsync(look, "SELECT string_agg(name, ', ') FROM pg_settings WHERE source = 'session' AND name NOT IN ('TimeZone', 'client_encoding', 'application_name')"));
        }

        Assert.Equal(PoolSize, sessions.Count);
        foreach (var look in looks)
            await look.DisposeAsync();
        await using var direct = await OpenAsync(_database.ConnectionString);
        Assert.Equal(0L, await ScalarAsync(direct, "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"));
        Assert.Equal("", string.Join("; ", await StatementsAsync("query ~* '^\\s*(LISTEN|UNLISTEN|PREPARE|DECLARE|CREATE TEMP|SET )' AND query !~* '^\\s*SET (LOCAL|TRANSACTION|TimeZone|client_encoding|application_name)'")));
        Assert.Equal("", string.Join("; ", await StatementsAsync("query ~* 'pg_advisory_lock|pg_try_advisory_lock'")));
    }

    async Task<IReadOnlyList<string>> StatementsAsync(string where)
    {
        var settings = new NpgsqlConnectionStringBuilder(_database.ConnectionString);
        await using var connection = await OpenAsync(new NpgsqlConnectionStringBuilder(settings.ConnectionString) { Database = "postgres" }.ConnectionString);
        await using var command = new NpgsqlCommand(
            string.Create(CultureInfo.InvariantCulture, $"SELECT query FROM pg_stat_statements WHERE dbid = (SELECT oid FROM pg_database WHERE datname = '{settings.Database}') AND ({where})"), connection);
        await using var reader = await command.ExecuteReaderAsync(TestContext.Current.CancellationToken);
        var statements = new List<string>();
        while (await reader.ReadAsync(TestContext.Current.CancellationToken))
            statements.Add(reader.GetString(0));
        return statements;
    }

    static async Task<NpgsqlConnection> OpenAsync(string connectionString)
    {
        var connection = new NpgsqlConnection($"{connectionString};Pooling=false");
        await connection.OpenAsync(TestContext.Current.CancellationToken);
        return connection;
    }

    static async Task<object?> ScalarAsync(NpgsqlConnection connection, string sql)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        return await command.ExecuteScalarAsync(TestContext.Current.CancellationToken) is { } value and not DBNull ? value : null;
    }

    public async ValueTask DisposeAsync()
    {
        await _pooler.DisposeAsync();
        await _database.DisposeAsync();
    }
}
