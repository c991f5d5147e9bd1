using System.Text;
using Jobs.Generated;
using Jobs.Store;
using Npgsql;
using NpgsqlTypes;

namespace Jobs.Postgres;

sealed partial class PostgresStore
{
    // First of all, so that a batch that exists refuses before anything is inserted. The row is held open by one pending
    // until it is sealed, and nobody else sees it before the commit.
    internal const string OpenBatchSql = """
        INSERT INTO :schema.batches (id, parent, metadata, open_for, expires_at, is_cancelled_on_expiry)
        VALUES ($1, $2, $3::jsonb, $4, :schema.clock() + $4, $5)
        ON CONFLICT (id) DO NOTHING
        RETURNING key
        """;

    internal const string ExistingBatchSql = """
        SELECT total, callback_worker
        FROM :schema.batches
        WHERE id = $1
        """;

    // Seals by the same tail that ends every batch: one whose jobs have ended, or that has none, closes here, and is told. Whether it is open is
    // asked under the lock, so a second seal changes nothing. $2 jobs were inserted with it.
    internal const string SealBatchSql = $$"""
        WITH open AS MATERIALIZED (
            SELECT key
            FROM :schema.batches
            WHERE key = $1 AND sealed_at IS NULL
            FOR NO KEY UPDATE
        ), changes AS (
            SELECT
                key AS batch, $2::integer AS total, $2::integer - 1 AS pending, $2::integer AS unattempted, 0 AS completed, 0 AS cancelled,
                0 AS discarded, false AS retryable, true AS seals
            FROM open
        ), {{BatchTail}}
        SELECT {{Told}}, (SELECT total FROM :schema.batches WHERE key = $1)
        """;

    // Last, after the jobs, as everywhere. A batch that takes no more jobs returns no row, and then nothing is committed.
    internal const string AddMembersSql = """
        UPDATE :schema.batches
        SET
            total = total + $2,
            pending = pending + $2,
            unattempted = unattempted + $2,
            changed_at = :schema.clock(),
            expires_at = :schema.clock() + open_for
        WHERE key = $1 AND sealed_at IS NULL AND cancel_requested_at IS NULL
        RETURNING total, callback_worker
        """;

    internal const string FindBatchKeySql = """
        SELECT key, sealed_at IS NULL AND cancel_requested_at IS NULL
        FROM :schema.batches
        WHERE id = $1
        """;

    // Who was named stays, and who was found first.
    internal const string AddListenersSql = """
        WITH given AS (
            SELECT *
            FROM unnest($2::smallint[], $3::text[], $4::text[], $5::smallint[], $6::smallint[], $7::boolean[])
                AS t (kind, worker, queue, priority, max_attempts, is_named)
        ), others AS (
            INSERT INTO :schema.batch_callbacks (batch, kind, worker, queue, priority, max_attempts, is_named)
            SELECT $1, kind, worker, queue, priority, max_attempts, is_named
            FROM given
            WHERE kind <> 1
            ON CONFLICT (batch, kind) DO NOTHING
        )
        UPDATE :schema.batches
        SET
            callback_worker = given.worker, callback_queue = given.queue, callback_priority = given.priority, callback_max_attempts = given.max_attempts,
            is_callback_named = given.is_named
        FROM given
        WHERE key = $1 AND given.kind = 1 AND callback_worker IS NULL
        """;

    internal const string ListenersSql = """
        SELECT 1::smallint, callback_worker, is_callback_named
        FROM :schema.batches
        WHERE key = $1 AND callback_worker IS NOT NULL
        UNION ALL
        SELECT kind, worker, is_named
        FROM :schema.batch_callbacks
        WHERE batch = $1
        """;

    public override async Task<BatchRef> EnqueueBatchAsync(
        NewBatch batch, IAsyncEnumerable<NewJob> jobs, Func<IReadOnlyList<BatchListener>> listeners, EnqueueTerms terms, CancellationToken cancellationToken)
    {
        await using var transaction = await EnqueueTransaction.BeginAsync(_database, terms.Transaction, cancellationToken).ConfigureAwait(false);

        var (key, parent) = await OpenBatchAsync(transaction.Connection, batch, cancellationToken).ConfigureAwait(false);
        var call = new EnqueueCall(transaction, (key, batch.Id), terms);
        await InsertAsync(call, jobs, cancellationToken).ConfigureAwait(false);
        var told = listeners();
        await AddListenersAsync(transaction.Connection, key, told, cancellationToken).ConfigureAwait(false);
        await JoinParentAsync(transaction.Connection, parent, batch.Parent, cancellationToken).ConfigureAwait(false);
        var tail = await SealBatchAsync(transaction.Connection, key, call.Stored, cancellationToken).ConfigureAwait(false);

        await WakeByCommitAsync(transaction.Connection, terms, cancellationToken).ConfigureAwait(false);
        await transaction.CommitAsync(cancellationToken).ConfigureAwait(false);
        if (terms.Transaction is null)
            await CountInParentsAsync(tail.ClosedChildren).ConfigureAwait(false);
        return new BatchRef(batch.Id, call.Stored) { CallbackWorker = Worker(told) };
    }

    public override async Task<BatchRef> OpenBatchAsync(
        NewBatch batch, IReadOnlyList<BatchListener> listeners, EnqueueTerms terms, CancellationToken cancellationToken)
    {
        await using var transaction = await EnqueueTransaction.BeginAsync(_database, terms.Transaction, cancellationToken).ConfigureAwait(false);
        var (key, parent) = await OpenBatchAsync(transaction.Connection, batch, cancellationToken).ConfigureAwait(false);
        await AddListenersAsync(transaction.Connection, key, listeners, cancellationToken).ConfigureAwait(false);
        await JoinParentAsync(transaction.Connection, parent, batch.Parent, cancellationToken).ConfigureAwait(false);
        await transaction.CommitAsync(cancellationToken).ConfigureAwait(false);
        return new BatchRef(batch.Id, 0) { CallbackWorker = Worker(listeners) };
    }

    public override async Task<BatchRef> AddToBatchAsync(
        string id, IAsyncEnumerable<NewJob> jobs, Func<IReadOnlyList<BatchListener>> listeners, EnqueueTerms terms, CancellationToken cancellationToken)
    {
        await using var transaction = await EnqueueTransaction.BeginAsync(_database, terms.Transaction, cancellationToken).ConfigureAwait(false);

        var key = await FindOpenBatchAsync(transaction.Connection, id, cancellationToken).ConfigureAwait(false);
        var call = new EnqueueCall(transaction, (key, id), terms);
        await InsertAsync(call, jobs, cancellationToken).ConfigureAwait(false);
        var (total, worker) = await AddMembersAsync(transaction.Connection, key, call.Stored, cancellationToken).ConfigureAwait(false) ?? throw new BatchSealedException(id);
        if (listeners() is { Count: > 0 } found)
        {
            await AddListenersAsync(transaction.Connection, key, found, cancellationToken).ConfigureAwait(false);
            worker = await RefuseOthersAsync(transaction.Connection, key, id, found, cancellationToken).ConfigureAwait(false);
        }

        await WakeByCommitAsync(transaction.Connection, terms, cancellationToken).ConfigureAwait(false);
        await transaction.CommitAsync(cancellationToken).ConfigureAwait(false);
        return new BatchRef(id, total) { CallbackWorker = worker };
    }

    public override async Task<SealResult> SealBatchAsync(string id, EnqueueTerms terms, CancellationToken cancellationToken)
    {
        await using var transaction = await EnqueueTransaction.BeginAsync(_database, terms.Transaction, cancellationToken).ConfigureAwait(false);
        var (key, _) = await FindBatchKeyAsync(transaction.Connection, id, cancellationToken).ConfigureAwait(false) ?? throw new BatchNotFoundException(id);
        var tail = await SealBatchAsync(transaction.Connection, key, 0, cancellationToken).ConfigureAwait(false);
        var existing = await ExistingBatchAsync(transaction.Connection, id, cancellationToken).ConfigureAwait(false);
        await transaction.CommitAsync(cancellationToken).ConfigureAwait(false);

        // What commits with the caller's transaction is found by polling.
        if (terms.Transaction is not null)
            return new SealResult(existing, []);
        var queues = await CountInParentsAsync(tail.ClosedChildren).ConfigureAwait(false);
        return new SealResult(existing, [.. tail.Queues, .. queues]);
    }

    static string? Worker(IReadOnlyList<BatchListener> listeners) => listeners.FirstOrDefault(static listener => listener.Kind is BatchCallbacks.Complete)?.Worker;

    /// <summary>Inserts the row of a batch, and finds the row of the one that it is in.</summary>
    async Task<(long Key, long? Parent)> OpenBatchAsync(NpgsqlConnection connection, NewBatch batch, CancellationToken cancellationToken)
    {
        var parent = batch.Parent is null ? default(long?) : await FindOpenBatchAsync(connection, batch.Parent, cancellationToken).ConfigureAwait(false);
        var key = await QueryAsync<long?>(
            connection,
            _openBatch,
            parameters =>
            {
                parameters.Bind(batch.Id, NpgsqlDbType.Text);
                parameters.Bind(parent, NpgsqlDbType.Bigint);
                parameters.Bind(batch.Metadata is { } metadata ? Encoding.UTF8.GetString(metadata.Span) : null, NpgsqlDbType.Text);
                parameters.Bind(batch.OpenFor, NpgsqlDbType.Interval);
                parameters.Bind(batch.IsCancelledOnExpiry, NpgsqlDbType.Boolean);
            },
            static async (reader, token) => await reader.ReadAsync(token).ConfigureAwait(false) ? reader.GetInt64(0) : null,
            cancellationToken).ConfigureAwait(false);
        return (key ?? throw new BatchExistsException(await ExistingBatchAsync(connection, batch.Id, cancellationToken).ConfigureAwait(false)), parent);
    }

    /// <exception cref="BatchSealedException">The parent takes no members any more.</exception>
    async Task JoinParentAsync(NpgsqlConnection connection, long? parent, string? id, CancellationToken cancellationToken)
    {
        if (parent is { } key && await AddMembersAsync(connection, key, 1, cancellationToken).ConfigureAwait(false) is null)
            throw new BatchSealedException(id!);
    }

    async Task<long> FindOpenBatchAsync(NpgsqlConnection connection, string id, CancellationToken cancellationToken)
    {
        var (key, isOpen) = await FindBatchKeyAsync(connection, id, cancellationToken).ConfigureAwait(false) ?? throw new BatchNotFoundException(id);
        return isOpen ? key : throw new BatchSealedException(id);
    }

    async Task<(long Key, bool IsOpen)?> FindBatchKeyAsync(NpgsqlConnection connection, string id, CancellationToken cancellationToken)
    {
        (long, bool)? found = null;
        await EnqueueTransaction.RefusingBusyAsync(async () => found = await QueryAsync<(long, bool)?>(
            connection,
            _findBatchKey,
            parameters => parameters.Bind(id, NpgsqlDbType.Text),
            static async (reader, token) => await reader.ReadAsync(token).ConfigureAwait(false) ? (reader.GetInt64(0), reader.GetBoolean(1)) : null,
            cancellationToken).ConfigureAwait(false)).ConfigureAwait(false);
        return found;
    }

    Task<BatchRef> ExistingBatchAsync(NpgsqlConnection connection, string id, CancellationToken cancellationToken) =>
        QueryAsync(
            connection,
            _existingBatch,
            parameters => parameters.Bind(id, NpgsqlDbType.Text),
            async (reader, token) => await reader.ReadAsync(token).ConfigureAwait(false)
                ? new BatchRef(id, reader.GetInt32(0)) { CallbackWorker = reader.IsDBNull(1) ? null : reader.GetString(1) }
                : new BatchRef(id, 0),
            cancellationToken);

    Task<(int Total, string? Worker)?> AddMembersAsync(NpgsqlConnection connection, long key, int count, CancellationToken cancellationToken) =>
        QueryAsync<(int, string?)?>(
            connection,
            _addMembers,
            parameters =>
            {
                parameters.Bind(key, NpgsqlDbType.Bigint);
                parameters.Bind(count, NpgsqlDbType.Integer);
            },
            static async (reader, token) => await reader.ReadAsync(token).ConfigureAwait(false) ? (reader.GetInt32(0), reader.IsDBNull(1) ? null : reader.GetString(1)) : null,
            cancellationToken);

    async Task AddListenersAsync(NpgsqlConnection connection, long key, IReadOnlyList<BatchListener> listeners, CancellationToken cancellationToken)
    {
        if (listeners.Count == 0)
            return;
        await ExecuteAsync(
            connection,
            _addListeners,
            parameters =>
            {
                parameters.Bind(key, NpgsqlDbType.Bigint);
                parameters.BindArray([.. listeners.Select(static listener => (short)listener.Kind)], NpgsqlDbType.Smallint);
                parameters.BindArray([.. listeners.Select(static listener => listener.Worker)], NpgsqlDbType.Text);
                parameters.BindArray([.. listeners.Select(static listener => listener.Queue)], NpgsqlDbType.Text);
                parameters.BindArray([.. listeners.Select(static listener => (short)listener.Priority)], NpgsqlDbType.Smallint);
                parameters.BindArray([.. listeners.Select(static listener => (short)listener.MaxAttempts)], NpgsqlDbType.Smallint);
                parameters.BindArray([.. listeners.Select(static listener => listener.IsNamed)], NpgsqlDbType.Boolean);
            },
            cancellationToken).ConfigureAwait(false);
    }

    // Two workers that were both found among the members are as good as none: the caller has to name one.
    async Task<string?> RefuseOthersAsync(NpgsqlConnection connection, long key, string id, IReadOnlyList<BatchListener> found, CancellationToken cancellationToken)
    {
        var stored = await QueryAsync(
            connection,
            _listeners,
            parameters => parameters.Bind(key, NpgsqlDbType.Bigint),
            static async (reader, token) =>
            {
                var listeners = new Dictionary<BatchCallbacks, (string Worker, bool IsNamed)>();
                while (await reader.ReadAsync(token).ConfigureAwait(false))
                    listeners.Add((BatchCallbacks)reader.GetInt16(0), (reader.GetString(1), reader.GetBoolean(2)));
                return listeners;
            },
            cancellationToken).ConfigureAwait(false);
        foreach (var listener in found)
        {
            if (stored[listener.Kind] is { IsNamed: false } other && other.Worker != listener.Worker)
                throw BatchListeners.Ambiguous(listener.Kind, [other.Worker, listener.Worker], $"OpenBatchAsync(\"{id}\", batch => batch.On{listener.Kind}<ThatWorker>())");
        }

        return stored.TryGetValue(BatchCallbacks.Complete, out var complete) ? complete.Worker : null;
    }

    internal Task<TailResult> SealBatchAsync(NpgsqlConnection connection, long key, int added, CancellationToken cancellationToken) =>
        QueryAsync(
            connection,
            _sealBatch,
            parameters => BindSeal(parameters, key, added),
            ReadTailAsync,
            cancellationToken);

    static void BindSeal(NpgsqlParameterCollection parameters, long key, int added)
    {
        parameters.Bind(key, NpgsqlDbType.Bigint);
        parameters.Bind(added, NpgsqlDbType.Integer);
    }
}
