using Jobs.Generated;
using Jobs.Postgres;
using Jobs.Runtime.Tests.Conformance;
using Jobs.Store;
using Jobs.Testing.Database;
using Npgsql;

namespace Jobs.Runtime.Tests.Isolation;

/// <summary>A migrated database that makes batches whose jobs are all executing: the state before the last acknowledgements.</summary>
public sealed class BatchFixture : IAsyncLifetime
{
    const string CallbacksSql = "SELECT count(*) FROM jobs.jobs WHERE args ->> 'status' = 'complete' AND args ->> 'batch_id' = $1";

    static readonly WorkerDefinition Worker = new()
    {
        Name = "Isolation.Worker",
        Queue = "isolation",
        MaxAttempts = 20,
        Priority = 0,
        Create = static _ => throw new NotSupportedException("No job of these tests is performed."),
        Callbacks = BatchCallbacks.Complete,
    };

    TestDatabase? _database;
    PostgresDatabase? _jobs;
    int _batches;

    internal NpgsqlDataSource DataSource { get; private set; } = null!;

    internal SchemaName Schema => _jobs!.Schema;

    internal PostgresStore Store { get; private set; } = null!;

    internal IsolationTester Tester => new(DataSource);

    public async ValueTask InitializeAsync()
    {
        _database = await TestDatabase.CreateAsync();
        DataSource = NpgsqlDataSource.Create(_database.ConnectionString);
        _jobs = new PostgresDatabase(new NpgsqlConnectionStringBuilder(_database.ConnectionString), new SchemaName("jobs"));
        Store = new PostgresStore(_jobs);
        await Store.MigrateAsync(CancellationToken.None);
    }

    /// <summary>Stores a batch and claims all its jobs, for a node without a row.</summary>
    internal async Task<(BatchRef Batch, IReadOnlyList<ClaimedJob> Jobs)> ExecuteBatchAsync(int size)
    {
        var queue = $"isolation-{++_batches}";
        var jobs = Enumerable.Range(0, size).Select(_ => NewJob.Create(Worker, Worker, static (json, _) =>
        {
            json.WriteStartObject();
            json.WriteEndObject();
        }) with
        { Queue = queue });
        var batch = await Store.EnqueueBatchAsync(queue, jobs.ToAsyncEnumerable(), static () => Worker, EnqueueTerms.Alone, CancellationToken.None);
        return (batch, (await Store.ClaimAsync(queue, [Worker.Name], size, Guid.NewGuid(), CancellationToken.None)).Jobs);
    }

    internal async Task<long> CountCallbacksAsync(BatchRef batch)
    {
        await using var command = DataSource.CreateCommand(CallbacksSql);
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = batch.Id });
        return (long)(await command.ExecuteScalarAsync())!;
    }

    internal async Task<BatchStatus> FindAsync(BatchRef batch) => (await Store.FindBatchAsync(batch.Id, CancellationToken.None))!;

    /// <summary>Acknowledges by the store's own statement, in the connection's transaction if it has one.</summary>
    internal async Task<AcknowledgeResult> AcknowledgeAsync(NpgsqlConnection connection, params IEnumerable<Acknowledgement> outcomes)
    {
        await using var command = new NpgsqlCommand(Schema.Qualify(PostgresStore.AcknowledgeSql), connection);
        PostgresStore.BindOutcomes(command.Parameters, [.. outcomes]);
        await using var reader = await command.ExecuteReaderAsync();
        return await PostgresStore.ReadAcknowledgedAsync(reader, CancellationToken.None);
    }

    public async ValueTask DisposeAsync()
    {
        await DataSource.DisposeAsync();
        await _jobs!.DisposeAsync();
        await _database!.DisposeAsync();
    }
}
