using System.Data;
using System.Data.Common;
using System.Net;
using Jobs.Store;
using Npgsql;

namespace Jobs.Runtime.Tests.Conformance;

/// <summary>Jobs in the caller's own transaction of PostgreSQL.</summary>
public sealed class PostgresTransactionTests : IAsyncLifetime
{
    PostgresHarness _harness = null!;
    NpgsqlConnection _connection = null!;
    NpgsqlTransaction _transaction = null!;

    static CancellationToken Ends => TestContext.Current.CancellationToken;

    EnqueueTerms Terms => EnqueueTerms.Alone with { Transaction = _transaction };

    public async ValueTask InitializeAsync()
    {
        _harness = await PostgresHarness.StartAsync();
        _connection = new NpgsqlConnection(_harness.ConnectionString);
        await _connection.OpenAsync(Ends);
        _transaction = await _connection.BeginTransactionAsync(Ends);
    }

    public async ValueTask DisposeAsync()
    {
        await _transaction.DisposeAsync();
        await _connection.DisposeAsync();
        await _harness.DisposeAsync();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Jobs_and_batches_are_committed_or_rolled_back_with_the_callers_transaction(bool commits)
    {
        await _harness.Store.EnqueueAsync(StoreHarness.NewJob(), Terms, Ends);
        await _harness.Store.EnqueueAsync(Many(3), Terms, Ends);
        await _harness.Store.EnqueueAsync(Many(3_000), Terms, Ends);
        await _harness.Store.EnqueueBatchAsync("b", Many(2_500), () => StoreHarness.Mailer, Terms, Ends);
        await _harness.Store.EnqueueBatchAsync("empty", Many(0), () => StoreHarness.Mailer, Terms, Ends);
        Assert.Equal(0, await _harness.CountJobsAsync());

        if (commits)
            await _transaction.CommitAsync(Ends);
        else
            await _transaction.RollbackAsync(Ends);

        Assert.Equal(commits ? 1 + 3 + 3_000 + 2_500 + 1 : 0, await _harness.CountJobsAsync());
        Assert.Equal(commits, await _harness.Store.FindBatchAsync("b", Ends) is { Total: 2_500, Pending: 2_500 });
        Assert.Equal(commits, await _harness.Store.FindBatchAsync("empty", Ends) is { IsClosed: true });
    }

    [Fact]
    public async Task A_batch_that_exists_is_refused_and_the_transaction_goes_on()
    {
        await _harness.EnqueueBatchAsync("b", 2);

        await Assert.ThrowsAsync<BatchExistsException>(() => _harness.Store.EnqueueBatchAsync("b", Many(5), () => null, Terms, Ends));
        await _harness.Store.EnqueueAsync(StoreHarness.NewJob(), Terms, Ends);
        await _transaction.CommitAsync(Ends);

        Assert.Equal(3, await _harness.CountJobsAsync());
    }

    [Fact]
    public async Task A_source_that_breaks_undoes_its_own_jobs_and_leaves_the_transaction_as_it_was()
    {
        await _harness.Store.EnqueueAsync(StoreHarness.NewJob("before"), Terms, Ends);

        await Assert.ThrowsAsync<FormatException>(() => _harness.Store.EnqueueAsync(Broken(), Terms, Ends));
        await Assert.ThrowsAsync<FormatException>(() => _harness.Store.EnqueueBatchAsync("b", Broken(), () => null, Terms, Ends));
        await _harness.Store.EnqueueAsync(StoreHarness.NewJob("after"), Terms, Ends);
        await _transaction.CommitAsync(Ends);

        Assert.Equal(2, await _harness.CountJobsAsync());
        Assert.Null(await _harness.Store.FindBatchAsync("b", Ends));

        static async IAsyncEnumerable<NewJob> Broken()
        {
            await foreach (var job in Many(3_000))
                yield return job;
            throw new FormatException("The source broke.");
        }
    }

    [Fact]
    public async Task The_source_may_run_finished_queries_of_its_own_on_the_callers_connection()
    {
        await _harness.Store.EnqueueBatchAsync("b", Queried(), () => null, Terms, Ends);
        await _transaction.CommitAsync(Ends);

        Assert.Equal(5_000, await _harness.CountJobsAsync());

        async IAsyncEnumerable<NewJob> Queried()
        {
            for (var i = 0; i < 5_000; i++)
            {
                await using var command = new NpgsqlCommand("SELECT 'text'", _connection, _transaction);
                yield return StoreHarness.NewJob((string)(await command.ExecuteScalarAsync(Ends))!);
            }
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3_000)]
    public async Task A_source_that_holds_a_reader_open_on_the_callers_connection_is_told_so(int count)
    {
        var refused = await Assert.ThrowsAsync<InvalidOperationException>(() => _harness.Store.EnqueueAsync(Reading(), Terms, Ends));
        await _harness.Store.EnqueueAsync(StoreHarness.NewJob(), Terms, Ends);
        await _transaction.CommitAsync(Ends);

        Assert.Contains("a reader", refused.Message, StringComparison.Ordinal);
        Assert.Equal(1, await _harness.CountJobsAsync());

        async IAsyncEnumerable<NewJob> Reading()
        {
            await using var command = new NpgsqlCommand("SELECT generate_series(1, $1)", _connection, _transaction) { Parameters = { new() { Value = count + 3_000 } } };
            await using var reader = await command.ExecuteReaderAsync(Ends);
            while (await reader.ReadAsync(Ends))
                yield return StoreHarness.NewJob();
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_transaction_that_has_ended_is_refused(bool isDisposed)
    {
        await _transaction.CommitAsync(Ends);
        if (isDisposed)
            await _transaction.DisposeAsync();

        await Assert.ThrowsAsync<InvalidOperationException>(() => _harness.Store.EnqueueAsync(StoreHarness.NewJob(), Terms, Ends));
        await Assert.ThrowsAsync<InvalidOperationException>(() => _harness.Store.EnqueueAsync(Many(2), Terms, Ends));
        Assert.Equal(0, await _harness.CountJobsAsync());
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_source_that_ends_the_transaction_is_told_so_and_nothing_is_stored_outside_of_it(bool isBatch)
    {
        var refused = await Assert.ThrowsAsync<InvalidOperationException>(() => isBatch
            ? _harness.Store.EnqueueBatchAsync("b", Ending(), () => null, Terms, Ends)
            : _harness.Store.EnqueueAsync(Ending(), Terms, Ends));

        Assert.Contains("rolled back already", refused.Message, StringComparison.Ordinal);
        Assert.Equal(0, await _harness.CountJobsAsync());

        async IAsyncEnumerable<NewJob> Ending()
        {
            await foreach (var job in Many(3_000))
                yield return job;
            await _transaction.RollbackAsync(Ends);
            await foreach (var job in Many(10))
                yield return job;
        }
    }

    [Fact]
    public async Task A_transaction_of_another_database_system_is_refused()
    {
        await using var foreign = new ForeignTransaction();
        var terms = EnqueueTerms.Alone with { Transaction = foreign };

        await Assert.ThrowsAsync<ArgumentException>(() => _harness.Store.EnqueueAsync(StoreHarness.NewJob(), terms, Ends));
        await Assert.ThrowsAsync<ArgumentException>(() => _harness.Store.EnqueueBatchAsync("b", Many(2), () => null, terms, Ends));
    }

    [Fact]
    public async Task A_transaction_of_another_database_is_refused_though_that_has_jobs_too()
    {
        await using var other = await PostgresHarness.StartAsync();
        var terms = EnqueueTerms.Alone with { Transaction = _transaction };

        var one = await Assert.ThrowsAsync<InvalidOperationException>(() => other.Store.EnqueueAsync(StoreHarness.NewJob(), terms, Ends));
        await Assert.ThrowsAsync<InvalidOperationException>(() => other.Store.EnqueueBatchAsync("b", Many(2), () => null, terms, Ends));
        await _transaction.CommitAsync(Ends);

        Assert.Contains("A job can join a transaction of its own database only", one.Message, StringComparison.Ordinal);
        Assert.Equal(0, await _harness.CountJobsAsync());
        Assert.Equal(0, await other.CountJobsAsync());
    }

    [Fact]
    public async Task The_same_database_by_another_name_of_its_host_is_the_same()
    {
        var byName = new NpgsqlConnectionStringBuilder(_harness.ConnectionString);
        byName.Host = byName.Host == "127.0.0.1" ? "localhost" : (await Dns.GetHostAddressesAsync(byName.Host!, Ends))[0].ToString();
        await using var connection = new NpgsqlConnection(byName.ConnectionString);
        await connection.OpenAsync(Ends);
        await using var transaction = await connection.BeginTransactionAsync(Ends);

        await _harness.Store.EnqueueAsync(StoreHarness.NewJob(), EnqueueTerms.Alone with { Transaction = transaction }, Ends);
        await transaction.CommitAsync(Ends);

        Assert.Equal(1, await _harness.CountJobsAsync());
    }

    [Fact]
    public async Task A_commit_wakes_each_queue_once_and_a_rollback_none()
    {
        await using var listener = new NpgsqlConnection(_harness.ConnectionString);
        await listener.OpenAsync(Ends);
        var heard = new List<string>();
        listener.Notification += (_, notification) => heard.Add(notification.Payload);
        await using (var listen = new NpgsqlCommand("LISTEN jobs_queue", listener))
            await listen.ExecuteNonQueryAsync(Ends);
        var terms = Terms with { WokenByCommit = ["mail", "post"] };

        await _harness.Store.EnqueueAsync(StoreHarness.NewJob(), terms, Ends);
        await _harness.Store.EnqueueAsync(Many(3), terms, Ends);
        await _transaction.RollbackAsync(Ends);
        _transaction = await _connection.BeginTransactionAsync(Ends);
        await _harness.Store.EnqueueAsync(StoreHarness.NewJob(), terms, Ends);
        await _harness.Store.EnqueueAsync(Many(3), terms, Ends);
        await _transaction.CommitAsync(Ends);
        while (heard.Count < 2)
            await listener.WaitAsync(Ends);
        await using (var nothing = new NpgsqlCommand("SELECT 1", listener))
            await nothing.ExecuteNonQueryAsync(Ends);

        Assert.Equal(["mail", "post"], heard);
    }

    static async IAsyncEnumerable<NewJob> Many(int count)
    {
        await Task.Yield();
        for (var i = 0; i < count; i++)
            yield return StoreHarness.NewJob();
    }

    sealed class ForeignTransaction : DbTransaction
    {
        public override IsolationLevel IsolationLevel => IsolationLevel.ReadCommitted;

        protected override DbConnection? DbConnection => null;

        public override void Commit()
        {
        }

        public override void Rollback()
        {
        }
    }
}
