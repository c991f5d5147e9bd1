using Jobs.Store;
using Npgsql;
using NpgsqlTypes;

namespace Jobs.Postgres;

sealed partial class PostgresStore
{
    // The update leaves a dead entry in jobs_waiting for each job. A statement that began at the oldest would walk over those of all
    // before it: of a million due jobs the last 5,000 would read the entries of the 995,000 others.
    internal const string StageSql = """
        WITH due AS MATERIALIZED (
            SELECT id, scheduled_at
            FROM :schema.jobs
            WHERE state IN ('scheduled', 'retryable') AND scheduled_at <= :schema.clock() AND (scheduled_at, id) > ($1, $2)
            ORDER BY scheduled_at, id
            LIMIT $3
            FOR NO KEY UPDATE SKIP LOCKED
        ), staged AS (
            UPDATE :schema.jobs AS j
            SET state = 'available'
            WHERE j.id = ANY (ARRAY(SELECT id FROM due))
            RETURNING j.queue
        )
        SELECT
            (SELECT count(*) FROM staged)::integer, (SELECT coalesce(array_agg(DISTINCT queue), '{}') FROM staged), last.scheduled_at, last.id
        FROM (SELECT) AS answer
        LEFT JOIN (SELECT scheduled_at, id FROM due ORDER BY scheduled_at DESC, id DESC LIMIT 1) AS last ON true
        """;

    public override Task<StageResult> StageAsync(WalkMark after, int limit, CancellationToken cancellationToken) =>
        QueryAsync(
            _stage,
            parameters =>
            {
                parameters.Bind(after.At, NpgsqlDbType.TimestampTz);
                parameters.Bind(after.Id, NpgsqlDbType.Bigint);
                parameters.Bind(limit, NpgsqlDbType.Integer);
            },
            static async (reader, token) =>
            {
                await reader.ReadAsync(token).ConfigureAwait(false);
                return reader.GetInt32(0) == 0
                    ? new StageResult(0, [], WalkMark.Start)
                    : new StageResult(reader.GetInt32(0), reader.GetFieldValue<string[]>(1), new WalkMark(reader.GetFieldValue<DateTimeOffset>(2), reader.GetInt64(3)));
            },
            cancellationToken);

    internal const string RegisterNodeSql = """
        INSERT INTO :schema.nodes (id, name, queues, concurrency, workers, expires_at)
        VALUES ($1, $2, $3, $4, $5, :schema.clock() + $6)
        """;

    public override Task RegisterNodeAsync(NodeRow node, TimeSpan lease, CancellationToken cancellationToken) =>
        ExecuteAsync(
            _registerNode,
            parameters =>
            {
                parameters.Bind(node.Id, NpgsqlDbType.Uuid);
                parameters.Bind(node.Name, NpgsqlDbType.Text);
                parameters.BindArray([.. node.Queues.Select(queue => queue.Key)], NpgsqlDbType.Text);
                parameters.BindArray([.. node.Queues.Select(queue => queue.Value)], NpgsqlDbType.Integer);
                parameters.BindArray([.. node.Workers], NpgsqlDbType.Text);
                parameters.Bind(lease, NpgsqlDbType.Interval);
            },
            cancellationToken);

    // A lease that has run out stays so: the others may have begun to rescue the node's jobs. A row that somebody holds is left out: its job
    // ends, or its progress is told again, and a lease waits for nobody.
    internal const string RenewNodeSql = """
        WITH renewed AS (
            UPDATE :schema.nodes
            SET expires_at = :schema.clock() + $2
            WHERE id = $1 AND expires_at > :schema.clock()
            RETURNING id
        ), told AS MATERIALIZED (
            SELECT job.id, input.progress
            FROM unnest((SELECT $3::bigint[]), (SELECT $4::bigint[]), (SELECT $5::text[])) AS input (id, run, progress)
            CROSS JOIN LATERAL (
                SELECT j.id
                FROM :schema.jobs AS j
                WHERE j.id = input.id AND j.state = 'executing' AND j.run = input.run AND j.node = $1
                FOR NO KEY UPDATE SKIP LOCKED
            ) AS job
        ), stored AS (
            UPDATE :schema.jobs AS j
            SET progress = CAST(told.progress AS jsonb)
            FROM told
            WHERE j.id = told.id AND j.id = ANY (ARRAY(SELECT id FROM told))
            RETURNING j.id
        )
        SELECT EXISTS (SELECT FROM renewed), (SELECT coalesce(array_agg(id), '{}') FROM stored)
        """;

    public override Task<Renewal> RenewNodeAsync(
        Guid node, TimeSpan lease, IReadOnlyList<ProgressReport> progress, CancellationToken cancellationToken) =>
        QueryAsync(
            _renewNode,
            parameters =>
            {
                parameters.Bind(node, NpgsqlDbType.Uuid);
                parameters.Bind(lease, NpgsqlDbType.Interval);
                parameters.BindArray([.. progress.Select(report => report.Id)], NpgsqlDbType.Bigint);
                parameters.BindArray([.. progress.Select(report => report.Run)], NpgsqlDbType.Bigint);
                parameters.BindArray([.. progress.Select(report => report.Progress.ToJson())], NpgsqlDbType.Text);
            },
            static async (reader, token) =>
            {
                await reader.ReadAsync(token).ConfigureAwait(false);
                return new Renewal(reader.GetBoolean(0), reader.GetFieldValue<long[]>(1).ToHashSet());
            },
            cancellationToken);

    internal const string RemoveNodeSql = "DELETE FROM :schema.nodes WHERE id = $1";

    public override Task RemoveNodeAsync(Guid node, CancellationToken cancellationToken) =>
        ExecuteAsync(_removeNode, parameters => parameters.Bind(node, NpgsqlDbType.Uuid), cancellationToken);

    // The row is locked before it is judged again, so a renewal that commits in between saves its node.
    internal const string BuryNodesSql = """
        DELETE FROM :schema.nodes
        WHERE id IN (
            SELECT id
            FROM :schema.nodes
            WHERE expires_at <= :schema.clock()
            ORDER BY id
            FOR UPDATE SKIP LOCKED)
        RETURNING name
        """;

    // "orphans" looks in the snapshot; "locked" asks again, by run and node, on the row's latest version. Without that a
    // job that was claimed anew in between would be taken from its living node: under the lock the look at the nodes is
    // not repeated.
    // "holder" steps from node to node through the index of those that execute, which holds an entry of each job that a node has ended too, until the
    // pages are cleaned up. The newest come first: in a busy drain the oldest are such entries, by the hundred thousand, and each is looked up.
    // "moved" finds each row by its key, for the planner expects one. With an array of the ids beside that it goes through the array for each:
    // 500 jobs took half a second among three million (PostgreSQL 15).
    internal const string RescueSql = $$"""
        WITH RECURSIVE holder AS (
            (
                SELECT node
                FROM :schema.jobs
                WHERE state = 'executing'
                ORDER BY node DESC
                LIMIT 1
            )
            UNION ALL
            SELECT (
                SELECT j.node
                FROM :schema.jobs AS j
                WHERE j.state = 'executing' AND j.node < holder.node
                ORDER BY j.node DESC
                LIMIT 1
            )
            FROM holder
            WHERE holder.node IS NOT NULL
        ), dead AS MATERIALIZED (
            SELECT node
            FROM holder
            WHERE node IS NOT NULL AND NOT EXISTS (SELECT FROM :schema.nodes AS n WHERE n.id = holder.node)
        ), orphans AS MATERIALIZED (
            SELECT held.id, held.run, held.node
            FROM dead
            CROSS JOIN LATERAL (
                SELECT j.id, j.run, j.node
                FROM :schema.jobs AS j
                WHERE j.state = 'executing' AND j.node = dead.node
                ORDER BY j.id
                LIMIT $1
            ) AS held
            ORDER BY held.id
            LIMIT $1
        ), locked AS MATERIALIZED (
            SELECT j.id, CAST(
                CASE
                    WHEN j.cancel_requested_at IS NOT NULL THEN 'cancelled'
                    WHEN j.crashes + 1 >= greatest(j.max_attempts, 2) THEN 'discarded'
                    ELSE 'available'
                END AS :schema.job_state) AS state,
                j.attempted IS TRUE AS attempted
            FROM :schema.jobs AS j
            JOIN orphans ON orphans.id = j.id
            WHERE j.state = 'executing' AND j.run = orphans.run AND j.node = orphans.node
            ORDER BY j.id
            FOR NO KEY UPDATE OF j SKIP LOCKED
        ), moved AS (
            UPDATE :schema.jobs AS j
            SET
                state = locked.state,
                node = NULL,
                cancel_requested_at = NULL,
                attempt = CASE WHEN locked.state = 'available' THEN greatest(j.attempt - 1, 0) ELSE j.attempt END,
                crashes = j.crashes + 1,
                finished_at = CASE WHEN locked.state <> 'available' THEN :schema.clock() END,
                errors = CASE WHEN locked.state <> 'discarded' THEN j.errors ELSE
                    CASE WHEN jsonb_array_length(j.errors) >= 50 THEN j.errors - 0 ELSE coalesce(j.errors, '[]') END
                    || jsonb_build_object(
                        'attempt', j.attempt, 'at', :schema.clock(),
                        'error', 'Discarded: ' || j.crashes + 1 || ' nodes died while they held this job.') END
            FROM locked
            WHERE j.id = locked.id
            RETURNING j.id, j.batch, j.state, j.queue, locked.attempted AS was_attempted, {{IsAttempted}} AS attempted
        ), members AS (
            SELECT batch, CAST('executing' AS :schema.job_state) AS was, state, was_attempted, attempted
            FROM moved
        ), {{MemberChanges}}, {{BatchTail}}
        SELECT
            (SELECT count(*) FROM moved WHERE state = 'available')::integer,
            (SELECT count(*) FROM moved WHERE state = 'discarded')::integer,
            (SELECT count(*) FROM moved WHERE state = 'cancelled')::integer,
            (SELECT coalesce(array_agg(DISTINCT queue), '{}') FROM (SELECT queue FROM moved UNION ALL SELECT queue FROM told) AS woken),
            {{Doubles}}
        """;

    public override async Task<RescueResult> RescueAsync(int limit, CancellationToken cancellationToken)
    {
        var dead = await QueryAsync(
            _buryNodes,
            static _ => { },
            static async (reader, token) =>
            {
                var names = new List<string>();
                while (await reader.ReadAsync(token).ConfigureAwait(false))
                    names.Add(reader.GetString(0));
                return names;
            },
            cancellationToken).ConfigureAwait(false);
        return await QueryAsync(
            _rescue,
            parameters => parameters.Bind(limit, NpgsqlDbType.Integer),
            async (reader, token) =>
            {
                await reader.ReadAsync(token).ConfigureAwait(false);
                Warn(reader.GetFieldValue<string[]>(4));
                return new RescueResult(dead, reader.GetInt32(0), reader.GetInt32(1), reader.GetInt32(2), reader.GetFieldValue<string[]>(3));
            },
            cancellationToken).ConfigureAwait(false);
    }

    // Steps from one queue and worker to the next through the index, so the number of jobs does not matter.
    internal const string StrandedSql = """
        WITH RECURSIVE waiting AS (
            (
                SELECT queue, worker
                FROM :schema.jobs
                WHERE state = 'available' AND crashes = 0
                ORDER BY queue, worker
                LIMIT 1
            )
            UNION ALL
            SELECT next.queue, next.worker
            FROM waiting
            CROSS JOIN LATERAL (
                SELECT j.queue, j.worker
                FROM :schema.jobs AS j
                WHERE j.state = 'available' AND j.crashes = 0 AND (j.queue, j.worker) > (waiting.queue, waiting.worker)
                ORDER BY j.queue, j.worker
                LIMIT 1
            ) AS next
        )
        SELECT w.queue, w.worker, (
            SELECT count(*)
            FROM (
                SELECT
                FROM :schema.jobs AS j
                WHERE j.state = 'available' AND j.crashes = 0 AND j.queue = w.queue AND j.worker = w.worker
                LIMIT 10000
            ) AS bounded
        ), EXISTS (
            SELECT
            FROM :schema.nodes AS n
            WHERE w.worker = ANY (n.workers) AND n.expires_at > :schema.clock())
        FROM waiting AS w
        WHERE NOT EXISTS (
            SELECT
            FROM :schema.nodes AS n
            WHERE w.worker = ANY (n.workers) AND w.queue = ANY (n.queues) AND n.expires_at > :schema.clock())
        LIMIT 100
        """;

    public override Task<IReadOnlyList<Stranded>> FindStrandedAsync(CancellationToken cancellationToken) =>
        QueryAsync<IReadOnlyList<Stranded>>(
            _stranded,
            static _ => { },
            static async (reader, token) =>
            {
                var stranded = new List<Stranded>();
                while (await reader.ReadAsync(token).ConfigureAwait(false))
                    stranded.Add(new Stranded(reader.GetString(0), reader.GetString(1), reader.GetInt64(2), reader.GetBoolean(3)));
                return stranded;
            },
            cancellationToken);
}
