using System.Globalization;
using Jobs.Generated;
using Jobs.Store;
using Npgsql;
using NpgsqlTypes;

namespace Jobs.Postgres;

sealed partial class PostgresStore
{
    // A claim reads the first jobs of each worker that the node knows, straight from the index that has the worker, so a
    // million jobs of other workers in front cost nothing. It looks twice: first without locks, to see how many of the
    // most urgent jobs are each worker's share, then at each worker's share with locks. Locking at the first look would
    // lock up to $3 jobs per worker and hide them from other nodes.
    // Rows are locked as they are asked for, so no more than a share are. Its inner LIMIT is for the planner, to which share.size may be a tenth
    // of all: among two million jobs of its own workers it would compile each claim, which takes 80 ms (PostgreSQL 15).
    // What other claims hold is passed over by xmax, in which a row says who has locked or changed it last. SKIP LOCKED passes over it too, but asks the
    // lock manager for each row, which takes microseconds; and of a row that was claimed since the snapshot it locks the new version, for which the
    // acknowledgement then waits, before it sees that it was claimed. Four nodes that claim thousands each meet at the first rows all the time.
    // The snapshot lists those transactions that ran and are older than the last one that had ended, and says that younger ones than that count as running.
    // Between the two bounds only, and not beyond the second: xmax may be the number of a multixact, which is of another series and may be far
    // ahead, and its job would wait until the transactions have caught up.
    // Jobs that a node died with are left to the quarantine, and "look" says whether there are any.
    // It commits without waiting for the disk: a claim that a crash of the server undoes is a job that runs again, and the fence
    // lets one of the two outcomes count. set_config stands first, for AND does not ask its second side if the first is false.
    // Where the planner has no statistics, it believes that a third of the jobs have more than 0 crashes, but 1 in 200 a number between two bounds. So it
    // is told the largest one too: among 20 million it would compile each claim for the sake of a look into an index that is empty.
    // It waits for nobody, and 100 ms where it does: a row that was changed when it was found, and whose change has been committed when it is to be
    // skipped, PostgreSQL follows to its new version, and waits for whoever holds that (heap_lock_updated_tuple, version 15). A claim holds other rows
    // by then, not in the order of their ids, so the two could wait in a circle.
    // MATERIALIZED fences the LIMIT: without it the planner may run the subquery in a nested loop and claim more jobs than
    // there is room for. ARRAY(…) keeps the update on the primary key, as everywhere: of an array that it has not seen the
    // planner expects ten elements, and of a join with a CTE so many rows that it reads the whole table.
    internal const string ClaimCtes = """
        WITH share AS MATERIALIZED (
            SELECT worker, count(*) AS size
            FROM (
                SELECT first.worker
                FROM unnest($2::text[]) AS known (worker)
                CROSS JOIN LATERAL (
                    SELECT j.worker, j.priority, j.scheduled_at, j.id
                    FROM :schema.jobs AS j
                    WHERE j.state = 'available' AND j.crashes = 0 AND j.queue = $1 AND j.worker = known.worker
                    ORDER BY j.priority, j.scheduled_at, j.id
                    LIMIT $3
                ) AS first
                ORDER BY first.priority, first.scheduled_at, first.id
                LIMIT $3
            ) AS urgent
            WHERE (SELECT set_config('lock_timeout', '100ms', true)) IS NOT NULL
            GROUP BY worker
        ), taken AS MATERIALIZED (
            SELECT locked.id
            FROM share
            CROSS JOIN LATERAL (
                SELECT free.id
                FROM (
                    SELECT j.id
                    FROM :schema.jobs AS j
                    WHERE j.state = 'available' AND j.crashes = 0 AND j.queue = $1 AND j.worker = share.worker
                        AND j.xmax <> ALL (ARRAY(SELECT xip::xid FROM pg_snapshot_xip(pg_current_snapshot()) AS xip))
                        AND age(j.xmax) NOT BETWEEN 0 AND (SELECT age(pg_snapshot_xmax(pg_current_snapshot())::xid))
                    ORDER BY j.priority, j.scheduled_at, j.id
                    LIMIT $3
                    FOR NO KEY UPDATE SKIP LOCKED
                ) AS free
                LIMIT share.size
            ) AS locked
        ), claimed AS (
            UPDATE :schema.jobs AS j
            SET state = 'executing', run = j.run + 1, attempt = j.attempt + 1, attempted_at = :schema.clock(), node = $4
            WHERE j.id = ANY (ARRAY(SELECT id FROM taken))
            RETURNING
                j.id, j.run, j.queue, j.worker, j.args, j.args_bytes, j.attempt, j.max_attempts, j.tags, j.meta, j.batch, j.priority, j.scheduled_at
        ), batch AS MATERIALIZED (
            SELECT b.key, b.id, b.total, b.callback_worker, b.cancel_requested_at IS NOT NULL AS is_cancelled
            FROM :schema.batches AS b
            WHERE b.key IN (SELECT c.batch FROM claimed AS c)
        ), look AS MATERIALIZED (
            SELECT set_config('synchronous_commit', 'off', true) = 'off' AND EXISTS (
                SELECT
                FROM :schema.jobs AS j
                WHERE j.state = 'available' AND j.crashes > 0 AND j.crashes <= 32767 AND j.queue = $1 AND j.worker = ANY ($2)
            ) AS suspects_wait
        )
        """;

    // A claim brings 8 MiB of args at most, those of the most urgent jobs. The others are read by the jobs themselves (ArgsSql), so that neither
    // a claim of many large ones nor one that has become too large as text costs more memory, or fails its neighbours.
    internal const string ClaimedRows = """
        SELECT
            look.suspects_wait, c.id, c.run, c.queue, c.worker, c.args, c.attempt, c.max_attempts, c.tags, c.meta,
            batch.key, batch.id, batch.total, batch.callback_worker, batch.is_cancelled
        FROM look
        LEFT JOIN (
            SELECT
                id, run, queue, worker, attempt, max_attempts, tags, meta, batch, priority, scheduled_at,
                CASE
                    WHEN args_bytes <= 1048576 AND sum(args_bytes) FILTER (WHERE args_bytes <= 1048576)
                        OVER (ORDER BY priority, scheduled_at, id ROWS UNBOUNDED PRECEDING) <= 8388608
                    THEN args
                END AS args
            FROM claimed
        ) AS c ON true
        LEFT JOIN batch ON batch.key = c.batch
        ORDER BY c.priority, c.scheduled_at, c.id
        """;

    // Apart, for the bench: an UPDATE in a CTE has to stand at the top, and pgbench can keep one row of an answer.
    internal const string ClaimSql = $"{ClaimCtes}\n{ClaimedRows}";

    public override async Task<ClaimResult> ClaimAsync(
        string queue, IReadOnlyList<string> workers, int limit, Guid node, CancellationToken cancellationToken)
    {
        const int mostTimes = 10;
        for (var times = 1; ; times++)
        {
            try
            {
                return await ClaimOnceAsync(queue, workers, limit, node, cancellationToken).ConfigureAwait(false);
            }
            catch (PostgresException exception) when (exception.SqlState == PostgresErrorCodes.LockNotAvailable && times < mostTimes)
            {
                // Rolled back, and whoever it waited for goes on.
            }
        }
    }

    Task<ClaimResult> ClaimOnceAsync(string queue, IReadOnlyList<string> workers, int limit, Guid node, CancellationToken cancellationToken) =>
        QueryAsync(
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
                var jobs = new List<ClaimedJob>();
                var suspectsWait = false;
                var batches = new Dictionary<long, BatchRef>();
                while (await reader.ReadAsync(token).ConfigureAwait(false))
                {
                    suspectsWait = reader.GetBoolean(0);
                    if (!reader.IsDBNull(1))
                        jobs.Add(ReadClaimed(reader, 1, node, batches));
                }

                return new ClaimResult(jobs, suspectsWait);
            },
            cancellationToken);

    // The least suspected first: it is probably one that only shared a node with the culprit. Unlike other claims this one
    // waits for the disk: a suspect may take the machine down, and the server with it, and then its claim has to be there to count the crash.
    internal const string ClaimSuspectSql = """
        WITH taken AS MATERIALIZED (
            SELECT id
            FROM :schema.jobs
            WHERE state = 'available' AND crashes > 0 AND queue = ANY ($1) AND worker = ANY ($2)
            ORDER BY crashes, priority, scheduled_at, id
            LIMIT 1
            FOR NO KEY UPDATE SKIP LOCKED
        ), claimed AS (
            UPDATE :schema.jobs AS j
            SET state = 'executing', run = j.run + 1, attempt = j.attempt + 1, attempted_at = :schema.clock(), node = $3
            WHERE j.id = ANY (ARRAY(SELECT id FROM taken))
            RETURNING
                j.id, j.run, j.queue, j.worker, CASE WHEN j.args_bytes <= 1048576 THEN j.args END AS args, j.attempt, j.max_attempts,
                j.tags, j.meta, j.batch
        )
        SELECT
            c.id, c.run, c.queue, c.worker, c.args, c.attempt, c.max_attempts, c.tags, c.meta, b.key, b.id, b.total,
            b.callback_worker, b.cancel_requested_at IS NOT NULL
        FROM claimed AS c
        LEFT JOIN :schema.batches AS b ON b.key = c.batch
        """;

    public override Task<ClaimedJob?> ClaimSuspectAsync(
        IReadOnlyList<string> queues, IReadOnlyList<string> workers, Guid node, CancellationToken cancellationToken) =>
        QueryAsync<ClaimedJob?>(
            _claimSuspect,
            parameters =>
            {
                parameters.BindArray([.. queues], NpgsqlDbType.Text);
                parameters.BindArray([.. workers], NpgsqlDbType.Text);
                parameters.Bind(node, NpgsqlDbType.Uuid);
            },
            async (reader, token) => await reader.ReadAsync(token).ConfigureAwait(false) ? ReadClaimed(reader, 0, node, []) : null,
            cancellationToken);

    static ClaimedJob ReadClaimed(NpgsqlDataReader row, int first, Guid node, Dictionary<long, BatchRef> batches) => new(
        Id: row.GetInt64(first),
        Run: row.GetInt64(first + 1),
        Node: node,
        Queue: row.GetString(first + 2),
        Worker: row.GetString(first + 3),
        Args: row.IsDBNull(first + 4) ? default(ReadOnlyMemory<byte>?) : row.GetFieldValue<byte[]>(first + 4),
        Attempt: row.GetInt16(first + 5),
        MaxAttempts: row.GetInt16(first + 6),
        Batch: row.IsDBNull(first + 9) ? null : ReadBatch(row, first + 9, batches))
    {
        Tags = row.IsDBNull(first + 7) ? [] : row.GetFieldValue<string[]>(first + 7),
        Meta = row.IsDBNull(first + 8) ? default : row.GetFieldValue<byte[]>(first + 8),
        IsBatchCancelled = !row.IsDBNull(first + 13) && row.GetBoolean(first + 13),
    };

    // The members of a batch share one reference to it, and it is read once.
    static BatchRef ReadBatch(NpgsqlDataReader row, int first, Dictionary<long, BatchRef> batches)
    {
        var key = row.GetInt64(first);
        if (!batches.TryGetValue(key, out var batch))
        {
            batches.Add(key, batch = new BatchRef(row.GetString(first + 1), row.GetInt32(first + 2))
            {
                CallbackWorker = row.IsDBNull(first + 3) ? null : row.GetString(first + 3),
            });
        }

        return batch;
    }

    internal const string ArgsSql = """
        SELECT args_bytes, CASE WHEN args_bytes <= 1048576 THEN args END
        FROM :schema.jobs
        WHERE id = $1 AND run = $2 AND node = $3
        """;

    // Few at a time: the leases are renewed on the same connections.
    readonly SemaphoreSlim _readers = new(4);

    public override async Task<ReadOnlyMemory<byte>> ReadArgsAsync(ClaimedJob job, CancellationToken cancellationToken)
    {
        await _readers.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            return await QueryAsync(
                _args,
                parameters =>
                {
                    parameters.Bind(job.Id, NpgsqlDbType.Bigint);
                    parameters.Bind(job.Run, NpgsqlDbType.Bigint);
                    parameters.Bind(job.Node, NpgsqlDbType.Uuid);
                },
                async (reader, token) =>
                {
                    if (!await reader.ReadAsync(token).ConfigureAwait(false))
                        throw new StaleJobException(job.Id, job.Worker, job.Run);
                    return reader.IsDBNull(1) ? throw TooLarge(job, reader.GetInt32(0)) : reader.GetFieldValue<byte[]>(1);
                },
                cancellationToken).ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is NpgsqlException or DatabaseUnavailableException or TimeoutException)
        {
            throw new JobStoreException(isTransient: exception is not PostgresException { IsTransient: false }, exception.Message, exception);
        }
        finally
        {
            _readers.Release();
        }
    }

    static InvalidArgsException TooLarge(ClaimedJob job, int bytes) => new(string.Create(
        CultureInfo.InvariantCulture,
        $"Job {job.Id} ({job.Worker}, queue \"{job.Queue}\", attempt {job.Attempt} of {job.MaxAttempts}) has args of {bytes:N0} bytes as text, more than the " +
        $"{ArgsSize.Largest:N0} that a job may have, so they were not read. Were they inserted with SQL, or do they hold a number such as 1e100000?"));

    // One that was asked to end while nobody knew of it ends here.
    internal const string GiveBackUnknownSql = $$"""
        WITH unknown AS MATERIALIZED (
            SELECT id, attempted IS TRUE AS attempted
            FROM :schema.jobs
            WHERE state = 'executing' AND node = $1 AND queue = $2 AND NOT id = ANY ($3)
            ORDER BY id
            FOR NO KEY UPDATE SKIP LOCKED
        ), moved AS (
            UPDATE :schema.jobs AS j
            SET
                state = CAST(CASE WHEN j.cancel_requested_at IS NULL THEN 'available' ELSE 'cancelled' END AS :schema.job_state),
                node = NULL,
                cancel_requested_at = NULL,
                attempt = j.attempt - 1,
                finished_at = CASE WHEN j.cancel_requested_at IS NOT NULL THEN :schema.clock() END
            WHERE j.id = ANY (ARRAY(SELECT id FROM unknown))
            RETURNING j.id, j.batch, j.state, {{IsAttempted}} AS attempted
        ), members AS (
            SELECT moved.batch, CAST('executing' AS :schema.job_state) AS was, moved.state, unknown.attempted AS was_attempted, moved.attempted
            FROM moved
            JOIN unknown ON unknown.id = moved.id
        ), {{MemberChanges}}, {{BatchTail}}
        SELECT (SELECT count(*) FROM moved)::integer, {{Doubles}}
        """;

    public override Task<int> GiveBackUnknownAsync(string queue, Guid node, IReadOnlyList<long> known, CancellationToken cancellationToken) =>
        QueryAsync(
            _giveBackUnknown,
            parameters =>
            {
                parameters.Bind(node, NpgsqlDbType.Uuid);
                parameters.Bind(queue, NpgsqlDbType.Text);
                parameters.BindArray([.. known], NpgsqlDbType.Bigint);
            },
            async (reader, token) =>
            {
                await reader.ReadAsync(token).ConfigureAwait(false);
                Warn(reader.GetFieldValue<string[]>(1));
                return reader.GetInt32(0);
            },
            cancellationToken);
}
