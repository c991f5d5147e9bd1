using Jobs.Store;
using Npgsql;
using NpgsqlTypes;

namespace Jobs.Postgres;

/// <summary>What the leader does for batches: cancels, batches in batches, builders that died, and the check of the counters.</summary>
sealed partial class PostgresStore
{
    // The batch is marked in one step, however many members it has. From then on it takes no more, and who claims one drops it. Those that execute
    // are few; they are marked here, so that their tokens fire at once. The waiting ones are the sweep's.
    internal const string CancelBatchSql = """
        WITH known AS MATERIALIZED (
            SELECT key, closed_at IS NOT NULL AS is_closed
            FROM :schema.batches
            WHERE id = $1
        ), marked AS (
            UPDATE :schema.batches AS b
            SET cancel_requested_at = :schema.clock()
            WHERE b.key = (SELECT key FROM known) AND b.closed_at IS NULL AND b.cancel_requested_at IS NULL
            RETURNING b.key
        )
        SELECT key, is_closed, EXISTS (SELECT FROM marked)
        FROM known
        """;

    internal const string CancelExecutingSql = """
        WITH locked AS MATERIALIZED (
            SELECT id
            FROM :schema.jobs
            WHERE state = 'executing' AND batch = $1 AND cancel_requested_at IS NULL
            ORDER BY id
            FOR NO KEY UPDATE
        ), marked AS (
            UPDATE :schema.jobs
            SET cancel_requested_at = :schema.clock()
            WHERE id = ANY (ARRAY(SELECT id FROM locked)) AND state = 'executing'
            RETURNING id
        )
        SELECT count(*)::integer
        FROM marked
        """;

    public override async Task<BatchCancelResult?> CancelBatchAsync(string id, CancellationToken cancellationToken)
    {
        await using var connection = await _database.OpenForCallerAsync(cancellationToken).ConfigureAwait(false);
        var marked = await QueryAloneAsync<(long Key, bool IsClosed, bool IsMarked)?>(
            connection,
            Write(_cancelBatch, parameters => parameters.Bind(id, NpgsqlDbType.Text)),
            static async (reader, token) => await reader.ReadAsync(token).ConfigureAwait(false)
                ? (reader.GetInt64(0), reader.GetBoolean(1), reader.GetBoolean(2))
                : null,
            cancellationToken).ConfigureAwait(false);
        return marked is not { } batch
            ? null
            : new BatchCancelResult(batch.IsMarked, batch.IsClosed, batch.IsClosed ? 0 : await CancelExecutingAsync(connection, batch.Key, cancellationToken).ConfigureAwait(false));
    }

    Task<int> CancelExecutingAsync(NpgsqlConnection connection, long key, CancellationToken cancellationToken) =>
        QueryAloneAsync(
            connection,
            Write(_cancelExecuting, parameters => parameters.Bind(key, NpgsqlDbType.Bigint)),
            static async (reader, token) =>
            {
                await reader.ReadAsync(token).ConfigureAwait(false);
                return reader.GetInt32(0);
            },
            cancellationToken);

    // Along three indexes that are mostly empty.
    internal const string FindBatchWorkSql = """
        SELECT cancelled.keys, cancelled.ids, uncounted.keys, expired.keys
        FROM (
            SELECT coalesce(array_agg(key), '{}') AS keys, coalesce(array_agg(id), '{}') AS ids
            FROM (SELECT key, id FROM :schema.batches WHERE cancel_requested_at IS NOT NULL AND swept_at IS NULL ORDER BY key LIMIT $1) AS found
        ) AS cancelled, (
            SELECT coalesce(array_agg(key), '{}') AS keys
            FROM (SELECT key FROM :schema.batches WHERE parent IS NOT NULL AND closed_at IS NOT NULL AND counted_at IS NULL ORDER BY key LIMIT $1) AS found
        ) AS uncounted, (
            SELECT coalesce(array_agg(key), '{}') AS keys
            FROM (SELECT key FROM :schema.batches WHERE sealed_at IS NULL AND expires_at <= :schema.clock() ORDER BY expires_at LIMIT $1) AS found
        ) AS expired
        """;

    public override Task<BatchWork> FindBatchWorkAsync(int limit, CancellationToken cancellationToken) =>
        QueryAsync(
            _findBatchWork,
            parameters => parameters.Bind((long)limit, NpgsqlDbType.Bigint),
            static async (reader, token) =>
            {
                await reader.ReadAsync(token).ConfigureAwait(false);
                return new BatchWork(
                    [.. reader.GetFieldValue<long[]>(0).Zip(reader.GetFieldValue<string[]>(1))], reader.GetFieldValue<long[]>(2), reader.GetFieldValue<long[]>(3));
            },
            cancellationToken);

    internal const string CancelChildrenSql = """
        WITH locked AS MATERIALIZED (
            SELECT key
            FROM :schema.batches
            WHERE parent = $1 AND closed_at IS NULL AND cancel_requested_at IS NULL
            ORDER BY key
            FOR NO KEY UPDATE
        )
        UPDATE :schema.batches
        SET cancel_requested_at = :schema.clock()
        WHERE key = ANY (ARRAY(SELECT key FROM locked))
        """;

    public override async Task<IReadOnlyList<string>> BeginBatchSweepAsync(long key, CancellationToken cancellationToken)
    {
        await ExecuteAsync(_cancelChildren, parameters => parameters.Bind(key, NpgsqlDbType.Bigint), cancellationToken).ConfigureAwait(false);
        return await SealAsync(key, cancellationToken).ConfigureAwait(false);
    }

    internal const string EndSweepSql = "UPDATE :schema.batches SET swept_at = :schema.clock() WHERE key = $1";

    public override Task EndBatchSweepAsync(long key, CancellationToken cancellationToken) =>
        ExecuteAsync(_endSweep, parameters => parameters.Bind(key, NpgsqlDbType.Bigint), cancellationToken);

    // Asked again under the lock: a builder that was only slow may have added something.
    internal const string ExpireBatchSql = """
        UPDATE :schema.batches
        SET cancel_requested_at = CASE WHEN is_cancelled_on_expiry THEN coalesce(cancel_requested_at, :schema.clock()) ELSE cancel_requested_at END, expires_at = NULL
        WHERE key = $1 AND sealed_at IS NULL AND expires_at <= :schema.clock()
        """;

    // Two statements in one transaction: a builder that adds something in between would find his batch sealed.
    public override async Task<IReadOnlyList<string>?> ExpireBatchAsync(long key, CancellationToken cancellationToken)
    {
        var tail = await OnControlAsync<TailResult?>(
            async connection =>
            {
                await using var transaction = await connection.BeginTransactionAsync(System.Data.IsolationLevel.ReadCommitted, cancellationToken).ConfigureAwait(false);
                if (await ExecuteAsync(connection, _expireBatch, parameters => parameters.Bind(key, NpgsqlDbType.Bigint), cancellationToken).ConfigureAwait(false) == 0)
                    return null;
                var tail = await SealBatchAsync(connection, key, 0, cancellationToken).ConfigureAwait(false);
                await transaction.CommitAsync(cancellationToken).ConfigureAwait(false);
                return tail;
            },
            cancellationToken).ConfigureAwait(false);
        return tail is { } sealing ? [.. sealing.Queues, .. await CountInParentsAsync(sealing.ClosedChildren).ConfigureAwait(false)] : null;
    }

    async Task<IReadOnlyList<string>> SealAsync(long key, CancellationToken cancellationToken)
    {
        var tail = await QueryAsync(_sealBatch, parameters => BindSeal(parameters, key, 0), ReadTailAsync, cancellationToken).ConfigureAwait(false);
        return [.. tail.Queues, .. await CountInParentsAsync(tail.ClosedChildren).ConfigureAwait(false)];
    }

    // Child and parent are locked in the order of their keys, as all batches are. A child counts once, which is decided under its lock. $2 is how
    // long locks are waited for, as in an acknowledgement.
    internal const string CountChildrenSql = $$"""
        WITH known AS MATERIALIZED (
            SELECT key, parent
            FROM :schema.batches
            WHERE
                key = ANY ($1) AND parent IS NOT NULL
                AND (SELECT CASE WHEN $2::text IS NULL OR current_setting('lock_timeout') <> '0' THEN '' ELSE set_config('lock_timeout', $2, true) END) IS NOT NULL
        ), locked AS MATERIALIZED (
            SELECT b.key, b.parent, b.closed_at, b.counted_at, b.cancelled, b.discarded
            FROM :schema.batches AS b
            WHERE b.key = ANY (ARRAY(SELECT key FROM known UNION SELECT parent FROM known))
            ORDER BY b.key
            FOR NO KEY UPDATE OF b
        ), ended AS MATERIALIZED (
            SELECT locked.*
            FROM locked
            JOIN known ON known.key = locked.key
            WHERE locked.closed_at IS NOT NULL AND locked.counted_at IS NULL
        ), marked AS (
            UPDATE :schema.batches AS b
            SET counted_at = :schema.clock()
            WHERE b.key = ANY (ARRAY(SELECT key FROM ended))
        ), changes AS (
            SELECT
                parent AS batch, 0 AS total, -1 AS pending, -1 AS unattempted, (discarded = 0 AND cancelled = 0)::integer AS completed,
                (discarded = 0 AND cancelled > 0)::integer AS cancelled, (discarded > 0)::integer AS discarded, false AS retryable, false AS seals
            FROM ended
        ), {{BatchTail}}
        SELECT {{Told}}
        """;

    public override Task<IReadOnlyList<string>> CountChildrenAsync(IReadOnlyCollection<long> closed, CancellationToken cancellationToken) =>
        CountChildrenAsync(closed, longestWait: null, cancellationToken);

    async Task<IReadOnlyList<string>> CountChildrenAsync(IReadOnlyCollection<long> closed, TimeSpan? longestWait, CancellationToken cancellationToken)
    {
        var queues = new List<string>();
        while (closed.Count > 0)
        {
            var tail = await QueryAsync(
                _countChildren,
                parameters =>
                {
                    parameters.BindArray([.. closed], NpgsqlDbType.Bigint);
                    parameters.BindLockWait(longestWait);
                },
                ReadTailAsync,
                cancellationToken).ConfigureAwait(false);
            queues.AddRange(tail.Queues);
            closed = tail.ClosedChildren;
        }

        return queues;
    }

    // Who closed a child waits no longer for its parent, which a transaction of a caller may hold.
    static readonly TimeSpan LongestWaitForParent = TimeSpan.FromMilliseconds(250);

    // The next statement after one that closed batches which are members of others. Where it fails the leader does it within a second.
    async Task<IReadOnlyList<string>> CountInParentsAsync(IReadOnlyList<long> closed)
    {
        if (closed.Count == 0)
            return [];
        try
        {
            return await CountChildrenAsync(closed, LongestWaitForParent, CancellationToken.None).ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is NpgsqlException or DatabaseUnavailableException or TimeoutException)
        {
            return [];
        }
    }

    internal const string StalledBatchesSql = """
        SELECT key
        FROM :schema.batches
        WHERE closed_at IS NULL AND changed_at <= :schema.clock() - $1::interval AND (checked_at IS NULL OR checked_at <= :schema.clock() - $2::interval)
        ORDER BY checked_at NULLS FIRST, key
        LIMIT $3
        """;

    public override Task<IReadOnlyList<long>> FindStalledBatchesAsync(TimeSpan quiet, TimeSpan checkedBefore, int limit, CancellationToken cancellationToken) =>
        QueryAsync<IReadOnlyList<long>>(
            _stalledBatches,
            parameters =>
            {
                parameters.Bind(quiet, NpgsqlDbType.Interval);
                parameters.Bind(checkedBefore, NpgsqlDbType.Interval);
                parameters.Bind((long)limit, NpgsqlDbType.Bigint);
            },
            static async (reader, token) =>
            {
                var keys = new List<long>();
                while (await reader.ReadAsync(token).ConfigureAwait(false))
                    keys.Add(reader.GetInt64(0));
                return keys;
            },
            cancellationToken);

    internal const string LockBatchSql = """
        UPDATE :schema.batches
        SET checked_at = :schema.clock()
        WHERE key = $1 AND closed_at IS NULL
        RETURNING id, pending - CASE WHEN sealed_at IS NULL THEN 1 ELSE 0 END
        """;

    internal const string CountMembersSql = """
        SELECT
            (SELECT count(*) FROM :schema.jobs WHERE batch = $1 AND state IN ('scheduled', 'available', 'retryable'))::integer
            + (SELECT count(*) FROM :schema.jobs WHERE batch = $1 AND state = 'executing')::integer
            + (SELECT count(*) FROM :schema.batches WHERE parent = $1 AND counted_at IS NULL)::integer
        """;

    // Members that are gone, though nothing says how they ended, count as cancelled; those that came by another way than an addition as added.
    internal const string RepairBatchSql = $$"""
        WITH changes AS (
            SELECT
                $1::bigint AS batch, greatest(-$2::integer, 0) AS total, -$2::integer AS pending, -$2::integer AS unattempted, 0 AS completed,
                greatest($2::integer, 0) AS cancelled, 0 AS discarded, false AS retryable, false AS seals
        ), {{BatchTail}}
        SELECT {{Told}}
        """;

    // The lock, and then a statement of its own, whose snapshot shows every change that the counters have: who changes a member changes them in the
    // same transaction, and waits for this one.
    public override async Task<BatchCheck?> CheckBatchAsync(long key, CancellationToken cancellationToken)
    {
        var (check, closed) = await OnControlAsync<(BatchCheck?, IReadOnlyList<long>)>(
            async connection =>
            {
                await using var transaction = await connection.BeginTransactionAsync(System.Data.IsolationLevel.ReadCommitted, cancellationToken).ConfigureAwait(false);
                if (await LockBatchAsync(connection, key, cancellationToken).ConfigureAwait(false) is not var (id, counted))
                    return (null, []);
                var found = await CountMembersAsync(connection, key, cancellationToken).ConfigureAwait(false);
                var tail = counted == found ? default : await RepairAsync(connection, key, counted - found, cancellationToken).ConfigureAwait(false);
                await transaction.CommitAsync(cancellationToken).ConfigureAwait(false);
                return (new BatchCheck(id, counted, found, tail.Queues ?? []), tail.ClosedChildren ?? []);
            },
            cancellationToken).ConfigureAwait(false);
        return check is null ? null : check with { Queues = [.. check.Queues, .. await CountInParentsAsync(closed).ConfigureAwait(false)] };
    }

    internal Task<(string Id, int Pending)?> LockBatchAsync(NpgsqlConnection connection, long key, CancellationToken cancellationToken) =>
        QueryAsync<(string, int)?>(
            connection,
            _lockBatch,
            parameters => parameters.Bind(key, NpgsqlDbType.Bigint),
            static async (reader, token) => await reader.ReadAsync(token).ConfigureAwait(false) ? (reader.GetString(0), reader.GetInt32(1)) : null,
            cancellationToken);

    internal Task<int> CountMembersAsync(NpgsqlConnection connection, long key, CancellationToken cancellationToken) =>
        QueryAsync(
            connection,
            _countMembers,
            parameters => parameters.Bind(key, NpgsqlDbType.Bigint),
            static async (reader, token) => await reader.ReadAsync(token).ConfigureAwait(false) ? reader.GetInt32(0) : 0,
            cancellationToken);

    internal Task<TailResult> RepairAsync(NpgsqlConnection connection, long key, int drift, CancellationToken cancellationToken) =>
        QueryAsync(
            connection,
            _repairBatch,
            parameters =>
            {
                parameters.Bind(key, NpgsqlDbType.Bigint);
                parameters.Bind(drift, NpgsqlDbType.Integer);
            },
            ReadTailAsync,
            cancellationToken);
}
