using System.Reflection;
using Jobs.Postgres;
using Jobs.Store;
using Npgsql;
using NpgsqlTypes;

namespace Jobs.Runtime.Tests.Conformance;

public sealed class PostgresJobStoreTests : JobStoreTests
{
    private protected override async Task<StoreHarness> StartAsync() => await PostgresHarness.StartAsync();
}

public sealed class PostgresBatchStoreTests : BatchStoreTests
{
    private protected override async Task<StoreHarness> StartAsync() => await PostgresHarness.StartAsync();
}

public sealed class PostgresEnqueueStoreTests : EnqueueStoreTests
{
    private protected override async Task<StoreHarness> StartAsync() => await PostgresHarness.StartAsync();
}

public sealed class PostgresUniqueStoreTests : UniqueStoreTests
{
    private protected override async Task<StoreHarness> StartAsync() => await PostgresHarness.StartAsync();
}

public sealed class PostgresBatchEventStoreTests : BatchEventStoreTests
{
    private protected override async Task<StoreHarness> StartAsync() => await PostgresHarness.StartAsync();
}

public sealed class PostgresBatchChangeStoreTests : BatchChangeStoreTests
{
    private protected override async Task<StoreHarness> StartAsync() => await PostgresHarness.StartAsync();
}

public sealed class PostgresBatchMemberStoreTests : BatchMemberStoreTests
{
    private protected override async Task<StoreHarness> StartAsync() => await PostgresHarness.StartAsync();
}

public sealed class PostgresOpenBatchStoreTests : OpenBatchStoreTests
{
    private protected override async Task<StoreHarness> StartAsync() => await PostgresHarness.StartAsync();
}

public sealed class PostgresUniqueRetryStoreTests : UniqueRetryStoreTests
{
    private protected override async Task<StoreHarness> StartAsync() => await PostgresHarness.StartAsync();
}

public sealed class PostgresNodeStoreTests : NodeStoreTests
{
    private protected override async Task<StoreHarness> StartAsync() => await PostgresHarness.StartAsync();
}

public sealed class PostgresQueueStoreTests : QueueStoreTests
{
    private protected override async Task<StoreHarness> StartAsync() => await PostgresHarness.StartAsync();
}

public sealed class PostgresChangeStoreTests : ChangeStoreTests
{
    private protected override async Task<StoreHarness> StartAsync() => await PostgresHarness.StartAsync();
}

public sealed class PostgresReadStoreTests : ReadStoreTests
{
    private protected override async Task<StoreHarness> StartAsync() => await PostgresHarness.StartAsync();
}

/// <summary>What holds for PostgreSQL alone.</summary>
public sealed class PostgresStoreTests
{
    public static TheoryData<string> Statements => [.. typeof(PostgresStore)
        .GetFields(BindingFlags.Static | BindingFlags.NonPublic)
        .Where(constant => constant.IsLiteral && constant.Name.EndsWith("Sql", StringComparison.Ordinal))
        .Select(constant => constant.Name)];

    [Theory]
    [MemberData(nameof(Statements))]
    public async Task Every_statement_prepares_against_a_migrated_database(string name)
    {
        await using var harness = await PostgresHarness.StartAsync();
        var sql = (string)typeof(PostgresStore).GetField(name, BindingFlags.Static | BindingFlags.NonPublic)!.GetRawConstantValue()!;

        await harness.ScalarAsync($"PREPARE statement AS {new SchemaName("jobs").Qualify(sql)}");
    }

    // Every column, those of later migrations too.
    [Fact]
    public async Task The_row_of_a_job_that_is_stored_as_started_is_that_of_a_claimed_one()
    {
        await using var harness = await PostgresHarness.StartAsync();
        var node = await harness.RegisterNodeAsync();
        var job = StoreHarness.NewJob() with { Priority = 7, Tags = ["vip"], Meta = new Dictionary<string, string> { ["trace"] = "17" } };

        await harness.EnqueueAsync(job);
        var claimed = await harness.ClaimOneAsync(node);
        var started = await harness.Store.EnqueueStartedAsync(job, node, TestContext.Current.CancellationToken);

        Assert.Equal(await RowAsync(claimed.Id), await RowAsync(started.Id));
        Assert.Equal(true, await harness.ScalarAsync($"SELECT attempted_at = inserted_at AND scheduled_at = inserted_at FROM jobs.jobs WHERE id = {started.Id}"));

        Task<object?> RowAsync(long id) => harness.ScalarAsync(
            $"SELECT (to_jsonb(j) - array['id', 'inserted_at', 'scheduled_at', 'attempted_at'])::text FROM jobs.jobs AS j WHERE id = {id}");
    }

    [Theory]
    [InlineData("", true)]
    [InlineData(";Max Auto Prepare=0", false)]
    public async Task Statements_are_prepared_unless_the_connection_string_says_otherwise(string settings, bool prepared)
    {
        await using var harness = await PostgresHarness.StartAsync();
        await using var database = new PostgresDatabase(new NpgsqlConnectionStringBuilder(harness.ConnectionString + settings), new SchemaName("jobs"));
        var store = new PostgresStore(database);
        for (var i = 0; i < 3; i++)
            await store.StageAsync(1, TestContext.Current.CancellationToken);

        await using var lent = await database.LendAsync(TestContext.Current.CancellationToken);
        await using var command = new NpgsqlCommand("SELECT count(*) > 0 FROM pg_prepared_statements", lent.Connection);
        Assert.Equal(prepared, await command.ExecuteScalarAsync(TestContext.Current.CancellationToken));
    }

    [Theory]
    [InlineData(0, 30)]
    [InlineData(7, 7)]
    public async Task No_statement_of_the_control_plane_waits_for_ever(int given, int taken)
    {
        await using var harness = await PostgresHarness.StartAsync();
        await using var database = new PostgresDatabase(new NpgsqlConnectionStringBuilder(harness.ConnectionString) { CommandTimeout = given }, new SchemaName("jobs"));

        await using var connection = await database.OpenAsync(TestContext.Current.CancellationToken);
        await using var command = new NpgsqlCommand("SELECT 1", connection);

        Assert.Equal(taken, command.CommandTimeout);
    }

    [Fact]
    public async Task A_migration_waits_for_that_of_another_node_longer_than_statements_may_take()
    {
        await using var harness = await PostgresHarness.StartAsync();
        await using var database = new PostgresDatabase(new NpgsqlConnectionStringBuilder(harness.ConnectionString) { CommandTimeout = 1 }, new SchemaName("jobs"));
        await new Migrator(database).MigrateAsync(Migration.Latest - 1, TestContext.Current.CancellationToken);
        await using var connection = new NpgsqlConnection(harness.ConnectionString);
        await connection.OpenAsync(TestContext.Current.CancellationToken);
        await using var other = await connection.BeginTransactionAsync(TestContext.Current.CancellationToken);
        await using (var command = new NpgsqlCommand("SELECT pg_advisory_xact_lock(hashtextextended('jobs migration jobs', 0))", connection, other))
            await command.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);

        var migrating = new PostgresStore(database).MigrateAsync(TestContext.Current.CancellationToken);
        await Task.WhenAny(migrating, Task.Delay(TimeSpan.FromSeconds(3), TestContext.Current.CancellationToken));

        Assert.False(migrating.IsCompleted);
        await other.RollbackAsync(TestContext.Current.CancellationToken);
        await migrating;
    }

    // A counter of attempts is a smallint; who snoozes every minute for a month has run more often.
    [Fact]
    public async Task A_job_may_snooze_more_often_than_it_could_attempt_and_an_outcome_of_its_first_run_stays_stale()
    {
        await using var harness = await PostgresHarness.StartAsync();
        var node = await harness.RegisterNodeAsync();
        var id = await harness.EnqueueAsync();
        var first = await harness.ClaimOneAsync(node);
        Assert.True(await harness.AcknowledgeAsync(first, JobState.Scheduled));
        await harness.ScalarAsync($"UPDATE jobs.jobs SET run = {(long)int.MaxValue + 1}");
        for (var i = 0; i < 100; i++)
        {
            await harness.Store.StageAsync(1, TestContext.Current.CancellationToken);
            Assert.True(await harness.AcknowledgeAsync(await harness.ClaimOneAsync(node), JobState.Scheduled));
        }

        await harness.Store.StageAsync(1, TestContext.Current.CancellationToken);
        var last = await harness.ClaimOneAsync(node);
        Assert.False(await harness.AcknowledgeAsync(first, JobState.Completed));

        Assert.Equal((1, (long)int.MaxValue + 102, JobState.Executing), (last.Attempt, last.Run, (await harness.FindJobAsync(id))!.State));
    }

    [Fact]
    public async Task Of_two_nodes_with_one_name_the_dead_ones_jobs_are_rescued_and_the_living_ones_are_not()
    {
        await using var harness = await PostgresHarness.StartAsync();
        var (dead, living) = (Guid.NewGuid(), Guid.NewGuid());
        await harness.Store.RegisterNodeAsync(new NodeRow(dead, "pod-0:1", [new("mail", 1)], StoreHarness.Known), TimeSpan.FromMilliseconds(1), TestContext.Current.CancellationToken);
        await harness.EnqueueAsync();
        await harness.EnqueueAsync();
        var orphan = await harness.ClaimOneAsync(dead);
        await harness.Store.RegisterNodeAsync(new NodeRow(living, "pod-0:1", [new("mail", 1)], StoreHarness.Known), TimeSpan.FromHours(1), TestContext.Current.CancellationToken);
        var held = await harness.ClaimOneAsync(living);

        await harness.Store.RescueAsync(10, TestContext.Current.CancellationToken);

        Assert.Equal(JobState.Available, (await harness.FindJobAsync(orphan.Id))!.State);
        Assert.Equal(JobState.Executing, (await harness.FindJobAsync(held.Id))!.State);
    }

    // A view in the place of jobs.nodes holds the rescue up when it has seen the orphan and has not locked it yet.
    [Fact]
    public async Task A_job_that_is_claimed_anew_while_a_rescue_looks_stays_with_its_living_node()
    {
        await using var harness = await PostgresHarness.StartAsync();
        var living = await harness.RegisterNodeAsync();
        var id = await harness.EnqueueAsync();
        await harness.ClaimOneAsync(Guid.NewGuid());
        await harness.ScalarAsync("""
            ALTER TABLE jobs.nodes RENAME TO true_nodes;
            CREATE FUNCTION jobs.wait() RETURNS boolean LANGUAGE sql VOLATILE AS 'SELECT pg_advisory_xact_lock_shared(1) IS NOT NULL';
            CREATE VIEW jobs.nodes AS SELECT * FROM jobs.true_nodes UNION ALL SELECT * FROM jobs.true_nodes WHERE NOT jobs.wait();
            """);
        await using var holder = new NpgsqlConnection(harness.ConnectionString);
        await holder.OpenAsync(TestContext.Current.CancellationToken);
        await using (var hold = new NpgsqlCommand("SELECT pg_advisory_lock(1)", holder))
            await hold.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
        await using var rescuer = new NpgsqlConnection(harness.ConnectionString);
        await rescuer.OpenAsync(TestContext.Current.CancellationToken);
        await using var rescue = new NpgsqlCommand(new SchemaName("jobs").Qualify(PostgresStore.RescueSql), rescuer);
        rescue.Parameters.Bind(10L, NpgsqlDbType.Bigint);

        var rescuing = rescue.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
        using var poll = new PeriodicTimer(TimeSpan.FromMilliseconds(20));
        while ((long)(await harness.ScalarAsync("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'advisory'"))! == 0)
            await poll.WaitForNextTickAsync(TestContext.Current.CancellationToken);
        await harness.ScalarAsync($"UPDATE jobs.jobs SET run = run + 1, node = '{living}' WHERE id = {id}");
        await using (var release = new NpgsqlCommand("SELECT pg_advisory_unlock(1)", holder))
            await release.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
        await rescuing;

        Assert.Equal((JobState.Executing, 2L, 0), await harness.FindJobAsync(id) is { } job ? (job.State, job.Run, job.Crashes) : default);
    }

    [Fact]
    public async Task The_states_in_the_database_are_those_of_the_code()
    {
        await using var harness = await PostgresHarness.StartAsync();

        var labels = (string[])(await harness.ScalarAsync("SELECT enum_range(NULL::jobs.job_state)::text[]"))!;

        Assert.Equal(Enum.GetValues<JobState>().Select(JobStates.ToSql), labels);
        Assert.Equal(Enum.GetValues<JobState>(), labels.Select(JobStates.FromSql));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_claim_and_an_acknowledgement_read_rows_by_index_among_a_hundred_thousand(bool ofMembers)
    {
        await using var harness = await PostgresHarness.StartAsync();
        await harness.ScalarAsync("""
            INSERT INTO jobs.jobs (worker, queue, state, finished_at)
            SELECT CASE WHEN i % 2 = 0 THEN 'Mailer' ELSE 'Stranger' END, 'mail',
                CASE WHEN i % 4 < 2 THEN 'completed' ELSE 'available' END::jobs.job_state, CASE WHEN i % 4 < 2 THEN now() END
            FROM generate_series(1, 100000) AS i;
            ANALYZE jobs.jobs
            """);
        var node = await harness.RegisterNodeAsync();
        await using var connection = new NpgsqlConnection(harness.ConnectionString);
        await connection.OpenAsync(TestContext.Current.CancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(TestContext.Current.CancellationToken);

        var claimed = new List<Acknowledgement>();
        await using (var claim = Command(PostgresStore.ClaimSql))
        {
            claim.Parameters.Bind("mail", NpgsqlDbType.Text);
            claim.Parameters.BindArray(["Mailer"], NpgsqlDbType.Text);
            claim.Parameters.Bind(500L, NpgsqlDbType.Bigint);
            claim.Parameters.Bind(node, NpgsqlDbType.Uuid);
            await using var reader = await claim.ExecuteReaderAsync(TestContext.Current.CancellationToken);
            while (await reader.ReadAsync(TestContext.Current.CancellationToken))
                claimed.Add(new Acknowledgement(reader.GetInt64(1), reader.GetInt64(2), node, JobState.Completed));
        }

        await using (var acknowledge = Command(ofMembers ? PostgresStore.AcknowledgeSql : PostgresStore.AcknowledgeUnbatchedSql))
        {
            PostgresStore.BindOutcomes(acknowledge.Parameters, claimed);
            await acknowledge.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
        }

        Assert.Equal(500, claimed.Count);
        await using var counts = Command("SELECT seq_tup_read, idx_tup_fetch FROM pg_stat_xact_user_tables WHERE schemaname = 'jobs' AND relname = 'jobs'");
        await using var row = await counts.ExecuteReaderAsync(TestContext.Current.CancellationToken);
        await row.ReadAsync(TestContext.Current.CancellationToken);
        Assert.Equal(0, row.GetInt64(0));
        Assert.InRange(row.GetInt64(1), 1_500, 5_000);

        NpgsqlCommand Command(string sql) => new(new SchemaName("jobs").Qualify(sql), connection);
    }

    [Fact]
    public async Task A_renewal_waits_for_no_row_of_a_job_and_says_that_its_progress_is_not_stored()
    {
        await using var harness = await PostgresHarness.StartAsync();
        var node = await harness.RegisterNodeAsync();
        await harness.EnqueueAsync();
        await harness.EnqueueAsync();
        var jobs = await harness.ClaimAsync(node);
        await using var connection = new NpgsqlConnection(harness.ConnectionString);
        await connection.OpenAsync(TestContext.Current.CancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(TestContext.Current.CancellationToken);
        await using (var hold = new NpgsqlCommand($"SELECT FROM jobs.jobs WHERE id = {jobs[0].Id} FOR UPDATE", connection))
            await hold.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);

        var renewal = await harness.Store.RenewNodeAsync(
            node, TimeSpan.FromSeconds(30), [.. jobs.Select(job => new ProgressReport(job.Id, job.Run, new JobProgress(1, null, null)))], TestContext.Current.CancellationToken)
            .WaitAsync(TimeSpan.FromSeconds(10), TestContext.Current.CancellationToken);

        Assert.True(renewal.IsRenewed);
        Assert.Equal([jobs[1].Id], renewal.Stored);
    }

    [Theory]
    [InlineData("Jobs")]
    [InlineData("1jobs")]
    [InlineData("jo bs")]
    [InlineData("jobs\n")]
    [InlineData("jobs\"; DROP TABLE x; --")]
    [InlineData("")]
    [InlineData("a2345678901234567890123456789012345678901")]
    public void A_schema_name_of_another_form_is_refused(string name) =>
        Assert.Throws<ArgumentException>(() => new SchemaName(name));
}
