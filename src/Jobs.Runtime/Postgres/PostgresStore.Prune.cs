using Jobs.Store;
using Npgsql;
using NpgsqlTypes;

namespace Jobs.Postgres;

sealed partial class PostgresStore
{
    // Walks along jobs_finished, so what it has passed and kept (other ages, members of unfinished batches) is not read again.
    // "locked" asks for the state once more, on the row's latest version: a job that was retried in between stays. Nobody waits for
    // a key while he holds a job's row, so a key that somebody has locked is left to the sweep; and one that its job held for a
    // time is held for that time, though the job is gone.
    internal const string PruneSql = """
        WITH seen AS MATERIALIZED (
            SELECT id, finished_at, queue, worker, batch
            FROM :schema.jobs
            WHERE state = CAST($1 AS :schema.job_state) AND finished_at <= :schema.clock() - $2::interval AND (finished_at, id) > ($3, $4)
            ORDER BY finished_at, id
            LIMIT $5
        ), old AS MATERIALIZED (
            SELECT id
            FROM seen
            WHERE
                CASE
                    WHEN worker = ANY ($6) THEN true
                    WHEN worker = ANY ($7) THEN false
                    WHEN queue = ANY ($8) THEN true
                    WHEN queue = ANY ($9) THEN false
                    ELSE $10
                END
                AND NOT EXISTS (SELECT FROM :schema.batches AS b WHERE b.key = seen.batch AND b.closed_at IS NULL)
        ), locked AS MATERIALIZED (
            SELECT j.id
            FROM :schema.jobs AS j
            WHERE j.id = ANY (ARRAY(SELECT id FROM old)) AND j.state = CAST($1 AS :schema.job_state) AND j.finished_at <= :schema.clock() - $2::interval
            ORDER BY j.id
            FOR UPDATE SKIP LOCKED
        ), pruned AS (
            DELETE FROM :schema.jobs
            WHERE id = ANY (ARRAY(SELECT id FROM locked))
            RETURNING id, unique_key
        ), freed AS (
            DELETE FROM :schema.unique_keys
            WHERE key IN (
                SELECT u.key
                FROM pruned
                JOIN :schema.unique_keys AS u ON u.key = pruned.unique_key AND u.job_id = pruned.id
                WHERE u.expires_at = 'infinity' OR u.expires_at <= :schema.clock() OR CAST($1 AS :schema.job_state) <> ALL (u.held_in)
                ORDER BY u.key
                FOR UPDATE OF u SKIP LOCKED)
        )
        SELECT (SELECT count(*) FROM seen)::integer, (SELECT count(*) FROM pruned)::integer, last.finished_at, last.id
        FROM (SELECT) AS answer
        LEFT JOIN (SELECT finished_at, id FROM seen ORDER BY finished_at DESC, id DESC LIMIT 1) AS last ON true
        """;

    public override Task<PruneResult> PruneAsync(PruneRule rule, WalkMark after, int limit, CancellationToken cancellationToken) =>
        QueryAsync(_prune, parameters => BindPrune(parameters, rule, after, limit), ReadPrunedAsync, cancellationToken);

    internal static void BindPrune(NpgsqlParameterCollection parameters, PruneRule rule, WalkMark after, int limit)
    {
        parameters.Bind(JobStates.ToSql(rule.State), NpgsqlDbType.Text);
        parameters.Bind(rule.Age, NpgsqlDbType.Interval);
        parameters.Bind(after.At, NpgsqlDbType.TimestampTz);
        parameters.Bind(after.Id, NpgsqlDbType.Bigint);
        parameters.Bind(limit, NpgsqlDbType.Integer);
        parameters.BindArray([.. rule.Workers], NpgsqlDbType.Text);
        parameters.BindArray([.. rule.OtherWorkers], NpgsqlDbType.Text);
        parameters.BindArray([.. rule.Queues], NpgsqlDbType.Text);
        parameters.BindArray([.. rule.OtherQueues], NpgsqlDbType.Text);
        parameters.Bind(rule.AndTheRest, NpgsqlDbType.Boolean);
    }

    // A batch outlives its callbacks, which say that it has ended, and the count of it in its parent. Nobody waits for its row any more: it is closed.
    internal const string PruneBatchesSql = """
        WITH seen AS MATERIALIZED (
            SELECT key, closed_at
            FROM :schema.batches
            WHERE closed_at <= :schema.clock() - $1::interval AND (closed_at, key) > ($2, $3)
            ORDER BY closed_at, key
            LIMIT $4
        ), locked AS MATERIALIZED (
            SELECT b.key
            FROM :schema.batches AS b
            WHERE b.key = ANY (ARRAY(SELECT key FROM seen)) AND b.closed_at <= :schema.clock() - $1::interval
                AND (b.parent IS NULL OR b.counted_at IS NOT NULL)
                AND NOT EXISTS (SELECT FROM :schema.jobs AS j WHERE j.callback_of = b.key AND j.finished_at IS NULL)
            ORDER BY b.key
            FOR UPDATE OF b SKIP LOCKED
        ), pruned AS (
            DELETE FROM :schema.batches
            WHERE key = ANY (ARRAY(SELECT key FROM locked))
            RETURNING key
        ), silenced AS (
            DELETE FROM :schema.batch_callbacks
            WHERE batch = ANY (ARRAY(SELECT key FROM pruned))
        )
        SELECT (SELECT count(*) FROM seen)::integer, (SELECT count(*) FROM pruned)::integer, last.closed_at, last.key
        FROM (SELECT) AS answer
        LEFT JOIN (SELECT closed_at, key FROM seen ORDER BY closed_at DESC, key DESC LIMIT 1) AS last ON true
        """;

    public override Task<PruneResult> PruneBatchesAsync(TimeSpan age, WalkMark after, int limit, CancellationToken cancellationToken) =>
        QueryAsync(_pruneBatches, parameters => BindPruneBatches(parameters, age, after, limit), ReadPrunedAsync, cancellationToken);

    internal static void BindPruneBatches(NpgsqlParameterCollection parameters, TimeSpan age, WalkMark after, int limit)
    {
        parameters.Bind(age, NpgsqlDbType.Interval);
        parameters.Bind(after.At, NpgsqlDbType.TimestampTz);
        parameters.Bind(after.Id, NpgsqlDbType.Bigint);
        parameters.Bind(limit, NpgsqlDbType.Integer);
    }

    internal static async Task<PruneResult> ReadPrunedAsync(NpgsqlDataReader reader, CancellationToken cancellationToken)
    {
        await reader.ReadAsync(cancellationToken).ConfigureAwait(false);
        return reader.GetInt32(0) == 0
            ? default
            : new PruneResult(reader.GetInt32(0), reader.GetInt32(1), new WalkMark(reader.GetFieldValue<DateTimeOffset>(2), reader.GetInt64(3)));
    }

    // Whether a job is gone is asked in the snapshot, and so of the key as it was there: one that was taken anew in between has a job
    // that the snapshot does not show.
    internal const string SweepKeysSql = """
        WITH seen AS MATERIALIZED (
            SELECT key, job_id, expires_at
            FROM :schema.unique_keys
            WHERE key > $1
            ORDER BY key
            LIMIT $2
        ), free AS MATERIALIZED (
            SELECT key, job_id, expires_at
            FROM seen
            WHERE expires_at <= :schema.clock()
                OR expires_at = 'infinity' AND NOT EXISTS (SELECT FROM :schema.jobs AS j WHERE j.id = seen.job_id)
        ), freed AS (
            DELETE FROM :schema.unique_keys
            WHERE key IN (
                SELECT u.key
                FROM free
                JOIN :schema.unique_keys AS u ON u.key = free.key AND u.job_id = free.job_id AND u.expires_at = free.expires_at
                ORDER BY u.key
                FOR UPDATE OF u SKIP LOCKED)
            RETURNING key
        )
        SELECT (SELECT count(*) FROM seen)::integer, (SELECT count(*) FROM freed)::integer, (SELECT key FROM seen ORDER BY key DESC LIMIT 1)
        """;

    public override Task<KeySweepResult> SweepKeysAsync(Guid after, int limit, CancellationToken cancellationToken) =>
        QueryAsync(
            _sweepKeys,
            parameters =>
            {
                parameters.Bind(after, NpgsqlDbType.Uuid);
                parameters.Bind(limit, NpgsqlDbType.Integer);
            },
            static async (reader, token) =>
            {
                await reader.ReadAsync(token).ConfigureAwait(false);
                return reader.GetInt32(0) == 0 ? default : new KeySweepResult(reader.GetInt32(0), reader.GetInt32(1), reader.GetGuid(2));
            },
            cancellationToken);
}
