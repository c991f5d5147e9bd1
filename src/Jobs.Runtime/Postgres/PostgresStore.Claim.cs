using Jobs.Store;
using NpgsqlTypes;

namespace Jobs.Postgres;

sealed partial class PostgresStore
{
    // A claim reads the first jobs of each worker that the node knows, straight from the index that has the worker, so a
    // million jobs of other workers in front cost nothing. It looks twice: first without locks, to see how many of the
    // most urgent jobs are each worker's share, then at each worker's share with locks. Locking at the first look would
    // lock up to $3 jobs per worker and hide them from other nodes.
    // MATERIALIZED fences the LIMIT: without it the planner may run the subquery in a nested loop and claim more jobs than
    // there is room for. ARRAY(…) keeps the update on the primary key, as everywhere: of an array that it has not seen the
    // planner expects ten elements, and of a join with a CTE so many rows that it reads the whole table.
    internal const string ClaimSql = """
        WITH share AS MATERIALIZED (
            SELECT worker, count(*) AS size
            FROM (
                SELECT first.worker
                FROM unnest($2::text[]) AS known (worker)
                CROSS JOIN LATERAL (
                    SELECT j.worker, j.priority, j.scheduled_at, j.id
                    FROM :schema.jobs AS j
                    WHERE j.state = 'available' AND j.queue = $1 AND j.worker = known.worker
                    ORDER BY j.priority, j.scheduled_at, j.id
                    LIMIT $3
                ) AS first
                ORDER BY first.priority, first.scheduled_at, first.id
                LIMIT $3
            ) AS urgent
            GROUP BY worker
        ), taken AS MATERIALIZED (
            SELECT locked.id
            FROM share
            CROSS JOIN LATERAL (
                SELECT j.id
                FROM :schema.jobs AS j
                WHERE j.state = 'available' AND j.queue = $1 AND j.worker = share.worker
                ORDER BY j.priority, j.scheduled_at, j.id
                LIMIT share.size
                FOR NO KEY UPDATE SKIP LOCKED
            ) AS locked
        ), claimed AS (
            UPDATE :schema.jobs AS j
            SET state = 'executing', run = j.run + 1, attempt = j.attempt + 1, attempted_at = :schema.clock(), node = $4
            WHERE j.id = ANY (ARRAY(SELECT id FROM taken))
            RETURNING j.id, j.run, j.worker, j.args, j.attempt, j.max_attempts, j.batch, j.priority, j.scheduled_at
        ), batch AS MATERIALIZED (
            SELECT b.key, b.id, b.total, b.callback_worker
            FROM :schema.batches AS b
            WHERE b.key IN (SELECT c.batch FROM claimed AS c)
        )
        SELECT c.id, c.run, c.worker, c.args, c.attempt, c.max_attempts, batch.id, batch.total, batch.callback_worker
        FROM claimed AS c
        LEFT JOIN batch ON batch.key = c.batch
        ORDER BY c.priority, c.scheduled_at, c.id
        """;

    public override Task<IReadOnlyList<ClaimedJob>> ClaimAsync(
        string queue, IReadOnlyList<string> workers, int limit, Guid node, CancellationToken cancellationToken) =>
        QueryAsync<IReadOnlyList<ClaimedJob>>(
            _claim,
            parameters =>
            {
                parameters.Bind(queue, NpgsqlDbType.Text);
                parameters.BindArray([.. workers], NpgsqlDbType.Text);
                parameters.Bind((long)limit, NpgsqlDbType.Bigint);
                parameters.Bind(node, NpgsqlDbType.Uuid);
            },
            async (reader, token) =>
            {
                var jobs = new List<ClaimedJob>(limit);
                var batches = new Dictionary<string, BatchRef>(StringComparer.Ordinal);
                while (await reader.ReadAsync(token).ConfigureAwait(false))
                {
                    jobs.Add(new ClaimedJob(
                        Id: reader.GetInt64(0),
                        Run: reader.GetInt64(1),
                        Node: node,
                        Worker: reader.GetString(2),
                        Queue: queue,
                        Args: reader.GetFieldValue<byte[]>(3),
                        Attempt: reader.GetInt16(4),
                        MaxAttempts: reader.GetInt16(5),
                        Batch: reader.IsDBNull(6) ? null : BatchOf(reader)));
                }

                return jobs;

                BatchRef BatchOf(Npgsql.NpgsqlDataReader row)
                {
                    var id = row.GetString(6);
                    if (!batches.TryGetValue(id, out var batch))
                        batches.Add(id, batch = new BatchRef(id, row.GetInt32(7)) { CallbackWorker = row.IsDBNull(8) ? null : row.GetString(8) });
                    return batch;
                }
            },
            cancellationToken);

    internal const string GiveBackUnknownSql = """
        WITH unknown AS MATERIALIZED (
            SELECT id
            FROM :schema.jobs
            WHERE state = 'executing' AND node = $1 AND queue = $2 AND NOT id = ANY ($3)
            ORDER BY id
            FOR NO KEY UPDATE SKIP LOCKED
        )
        UPDATE :schema.jobs
        SET state = 'available', node = NULL, attempt = attempt - 1
        WHERE id = ANY (ARRAY(SELECT id FROM unknown))
        """;

    public override Task<int> GiveBackUnknownAsync(string queue, Guid node, IReadOnlyList<long> known, CancellationToken cancellationToken) =>
        ExecuteAsync(
            _giveBackUnknown,
            parameters =>
            {
                parameters.Bind(node, NpgsqlDbType.Uuid);
                parameters.Bind(queue, NpgsqlDbType.Text);
                parameters.BindArray([.. known], NpgsqlDbType.Bigint);
            },
            cancellationToken);
}
