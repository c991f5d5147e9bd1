using Jobs.Testing.Database;
using Jobs.Torture.Proxy;
using Npgsql;

namespace Jobs.Torture.Tests;

/// <summary>A proxy that cuts too early, or not at all, would make every scenario easy.</summary>
public sealed class ProxyTests
{
    // What the proxy knows the engine's statements by.
    const string Enqueue = """INSERT INTO "jobs".jobs (id, worker) VALUES (1, 'one')""";
    const string Batch = """INSERT INTO "jobs".batches VALUES (1)""";

    [Fact]
    public async Task A_commit_whose_answer_is_lost_is_carried_out()
    {
        await using var database = await PrepareAsync();
        var plan = new CutPlan(new Random(1), each: 1);
        await using var proxy = new PostgresProxy(database.ConnectionString, plan);
        await using var client = NpgsqlDataSource.Create(proxy.ConnectionString);

        var (thrown, tries) = (null as Exception, 0);
        while (thrown is null)
        {
            tries++;
            thrown = await Record.ExceptionAsync(() => TransactAsync(client, Batch, commits: true));
        }

        Assert.IsType<NpgsqlException>(thrown, exactMatch: true);
        Assert.Equal(tries, await CountAsync(database, "batches"));
        Assert.Equal(("COMMIT", StatementKind.Batch), (Assert.Single(plan.Made).Tag, plan.Made[0].Kind));
    }

    [Fact]
    public async Task A_statement_of_its_own_whose_answer_is_lost_is_carried_out_prepared_or_not()
    {
        await using var database = await PrepareAsync();
        var plan = new CutPlan(new Random(2), each: 20);
        await using var proxy = new PostgresProxy(database.ConnectionString, plan);
        await using var client = NpgsqlDataSource.Create(new NpgsqlConnectionStringBuilder(proxy.ConnectionString) { MaxAutoPrepare = 10, AutoPrepareMinUsages = 2 }.ConnectionString);

        var (thrown, done) = (0, 0);
        for (; plan.IsLeft(StatementKind.Enqueue); done++)
        {
            await using var command = client.CreateCommand(Enqueue);
            if (await Record.ExceptionAsync(() => command.ExecuteNonQueryAsync(TestContext.Current.CancellationToken)) is not null)
                thrown++;
        }

        Assert.Equal(20, thrown);
        Assert.Equal(done, await CountAsync(database, "jobs"));
    }

    [Fact]
    public async Task What_was_rolled_back_or_refused_and_what_is_not_of_the_engine_is_never_cut()
    {
        await using var database = await PrepareAsync();
        var plan = new CutPlan(new Random(3), each: 100);
        await using var proxy = new PostgresProxy(database.ConnectionString, plan);
        await using var client = NpgsqlDataSource.Create(proxy.ConnectionString);

        for (var i = 0; i < 20; i++)
        {
            await TransactAsync(client, Batch, commits: false);
            await Assert.ThrowsAsync<PostgresException>(() => TransactAsync(client, Batch + ", (NULL)", commits: true));
            await TransactAsync(client, "SELECT 1", commits: true);
        }

        Assert.Empty(plan.Made);
        Assert.Equal(0, await CountAsync(database, "batches"));
    }

    static async Task<TestDatabase> PrepareAsync()
    {
        var database = await TestDatabase.CreateAsync(TestContext.Current.CancellationToken);
        await using var dataSource = NpgsqlDataSource.Create(database.ConnectionString);
        await using var command = dataSource.CreateCommand(
            "CREATE SCHEMA jobs; CREATE TABLE jobs.jobs (id bigint, worker text); CREATE TABLE jobs.batches (key bigint NOT NULL)");
        await command.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
        return database;
    }

    static async Task TransactAsync(NpgsqlDataSource client, string sql, bool commits)
    {
        await using var connection = await client.OpenConnectionAsync(TestContext.Current.CancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(TestContext.Current.CancellationToken);
        await using (var command = new NpgsqlCommand(sql, connection))
            await command.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
        if (commits)
            await transaction.CommitAsync(TestContext.Current.CancellationToken);
        else
            await transaction.RollbackAsync(TestContext.Current.CancellationToken);
    }

    static async Task<long> CountAsync(TestDatabase database, string table)
    {
        await using var dataSource = NpgsqlDataSource.Create(database.ConnectionString);
        await using var command = dataSource.CreateCommand($"SELECT count(*) FROM jobs.{table}");
        return (long)(await command.ExecuteScalarAsync(TestContext.Current.CancellationToken))!;
    }
}
