using Jobs.Generated;
using Jobs.Store;
using Npgsql;
using NpgsqlTypes;

namespace Jobs.Postgres;

sealed partial class PostgresStore
{
    // First of all, so that a batch that exists refuses before anything is inserted. The row is held open by one pending
    // until SealBatchSql, and nobody else sees it before the commit.
    internal const string OpenBatchSql = """
        INSERT INTO :schema.batches (id)
        VALUES ($1)
        ON CONFLICT (id) DO NOTHING
        RETURNING key
        """;

    internal const string ExistingBatchSql = """
        SELECT total, callback_worker
        FROM :schema.batches
        WHERE id = $1
        """;

    // Seals by the same tail that ends every batch: one without jobs closes here, and is told.
    internal const string SealBatchSql = $$"""
        WITH changes AS (
            SELECT $1::bigint AS batch, $2::integer AS total, $2::integer - 1 AS pending, 0 AS completed, 0 AS cancelled, 0 AS discarded, true AS seals
        ), {{BatchTail}}
        SELECT (SELECT count(*) FROM counted)
        """;

    internal const string NameCallbackSql = """
        UPDATE :schema.batches
        SET callback_worker = $2, callback_queue = $3, callback_priority = $4, callback_max_attempts = $5
        WHERE key = $1
        """;

    internal const string BatchStatusSql = """
        SELECT
            b.id, b.total, b.pending - CASE WHEN b.sealed_at IS NULL THEN 1 ELSE 0 END,
            (SELECT count(*) FROM :schema.jobs AS j WHERE j.batch = b.key AND j.state = 'retryable')::integer,
            b.completed, b.cancelled, b.discarded, b.inserted_at, b.closed_at, b.callback_worker,
            (SELECT j.state::text FROM :schema.jobs AS j WHERE j.callback_of = b.key AND j.callback = 'complete')
        FROM :schema.batches AS b
        WHERE b.id = $1
        """;

    public override async Task<BatchRef> EnqueueBatchAsync(
        string id, IAsyncEnumerable<NewJob> jobs, Func<WorkerDefinition?> callback, EnqueueTerms terms, CancellationToken cancellationToken)
    {
        await using var transaction = await EnqueueTransaction.BeginAsync(_database, terms.Transaction, cancellationToken).ConfigureAwait(false);

        var key = await OpenBatchAsync(transaction.Connection, id, cancellationToken).ConfigureAwait(false)
            ?? throw new BatchExistsException(await ExistingBatchAsync(transaction.Connection, id, cancellationToken).ConfigureAwait(false));
        var call = new EnqueueCall(transaction, (key, id), terms);
        await InsertAsync(call, jobs, cancellationToken).ConfigureAwait(false);
        var worker = callback();
        if (worker is not null)
            await NameCallbackAsync(transaction.Connection, key, worker, cancellationToken).ConfigureAwait(false);
        await SealBatchAsync(transaction.Connection, key, call.Stored, cancellationToken).ConfigureAwait(false);

        await WakeByCommitAsync(transaction.Connection, terms, cancellationToken).ConfigureAwait(false);
        await transaction.CommitAsync(cancellationToken).ConfigureAwait(false);
        return new BatchRef(id, call.Stored) { CallbackWorker = worker?.Name };
    }

    Task<long?> OpenBatchAsync(NpgsqlConnection connection, string id, CancellationToken cancellationToken) =>
        QueryAsync<long?>(
            connection,
            _openBatch,
            parameters => parameters.Bind(id, NpgsqlDbType.Text),
            static async (reader, token) => await reader.ReadAsync(token).ConfigureAwait(false) ? reader.GetInt64(0) : null,
            cancellationToken);

    Task<BatchRef> ExistingBatchAsync(NpgsqlConnection connection, string id, CancellationToken cancellationToken) =>
        QueryAsync(
            connection,
            _existingBatch,
            parameters => parameters.Bind(id, NpgsqlDbType.Text),
            async (reader, token) => await reader.ReadAsync(token).ConfigureAwait(false)
                ? new BatchRef(id, reader.GetInt32(0)) { CallbackWorker = reader.IsDBNull(1) ? null : reader.GetString(1) }
                : new BatchRef(id, 0),
            cancellationToken);

    Task NameCallbackAsync(NpgsqlConnection connection, long key, WorkerDefinition worker, CancellationToken cancellationToken) =>
        ExecuteAsync(
            connection,
            _nameCallback,
            parameters =>
            {
                parameters.Bind(key, NpgsqlDbType.Bigint);
                parameters.Bind(worker.Name, NpgsqlDbType.Text);
                parameters.Bind(worker.Queue, NpgsqlDbType.Text);
                parameters.Bind((short)worker.Priority, NpgsqlDbType.Smallint);
                parameters.Bind((short)worker.MaxAttempts, NpgsqlDbType.Smallint);
            },
            cancellationToken);

    Task SealBatchAsync(NpgsqlConnection connection, long key, int total, CancellationToken cancellationToken) =>
        ExecuteAsync(
            connection,
            _sealBatch,
            parameters =>
            {
                parameters.Bind(key, NpgsqlDbType.Bigint);
                parameters.Bind(total, NpgsqlDbType.Integer);
            },
            cancellationToken);

    // Callers may ask for it as often as they like, so not on the connections of the control plane.
    public override async Task<BatchStatus?> FindBatchAsync(string id, CancellationToken cancellationToken)
    {
        await using var connection = await _database.OpenForCallerAsync(cancellationToken).ConfigureAwait(false);
        return await QueryAloneAsync<BatchStatus?>(
            connection,
            Write(_batchStatus, parameters => parameters.Bind(id, NpgsqlDbType.Text)),
            static async (reader, token) => !await reader.ReadAsync(token).ConfigureAwait(false)
                ? null
                : new BatchStatus(
                    Id: reader.GetString(0),
                    Total: reader.GetInt32(1),
                    Pending: reader.GetInt32(2),
                    Retryable: reader.GetInt32(3),
                    Completed: reader.GetInt32(4),
                    Cancelled: reader.GetInt32(5),
                    Discarded: reader.GetInt32(6))
                {
                    InsertedAt = reader.GetFieldValue<DateTimeOffset>(7),
                    ClosedAt = reader.IsDBNull(8) ? null : reader.GetFieldValue<DateTimeOffset>(8),
                    CallbackWorker = reader.IsDBNull(9) ? null : reader.GetString(9),
                    CallbackState = reader.IsDBNull(10) ? null : JobStates.FromSql(reader.GetString(10)),
                },
            cancellationToken).ConfigureAwait(false);
    }
}
