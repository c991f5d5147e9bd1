using Jobs.Store;
using Npgsql;
using NpgsqlTypes;

namespace Jobs.Postgres;

sealed partial class PostgresStore
{
    // What is said of queue q.queue on node q.node: the last word, be it of one queue or all, of one node or all.
    const string SaidOfState = """
        (
            SELECT s.state
            FROM :schema.queue_settings AS s
            WHERE s.queue IN (q.queue, '') AND s.node IN (q.node, '') AND s.state_set_at IS NOT NULL
            ORDER BY s.state_set_at DESC, s.node DESC, s.queue DESC
            LIMIT 1
        )
        """;

    const string SaidOfConcurrency = """
        (
            SELECT s.concurrency
            FROM :schema.queue_settings AS s
            WHERE s.queue IN (q.queue, '') AND s.node IN (q.node, '') AND s.concurrency_set_at IS NOT NULL
            ORDER BY s.concurrency_set_at DESC, s.node DESC, s.queue DESC
            LIMIT 1
        )
        """;

    // Two steps into an index for each queue and worker, however many jobs there are. The ORDER BY leaves the planner no other way to the
    // first job: where it takes available jobs for frequent it would read the table for one. In an EXISTS it would not count.
    internal const string PollSql = $$"""
        WITH look AS MATERIALIZED (
            SELECT
                (
                    SELECT count(*) > 0
                    FROM (
                        SELECT
                        FROM :schema.jobs AS j
                        WHERE j.state = 'available' AND j.crashes > 0 AND j.queue = ANY ($1) AND j.worker = ANY ($2)
                        ORDER BY j.crashes, j.priority, j.scheduled_at, j.id
                        LIMIT 1
                    ) AS suspect
                ) AS suspects_wait,
                EXISTS (SELECT FROM :schema.batches WHERE cancel_requested_at IS NOT NULL AND swept_at IS NULL)
                    OR EXISTS (SELECT FROM :schema.batches WHERE parent IS NOT NULL AND closed_at IS NOT NULL AND counted_at IS NULL)
                    OR EXISTS (SELECT FROM :schema.batches WHERE sealed_at IS NULL AND expires_at <= :schema.clock()) AS batches_wait,
                coalesce(array_agg(j.id), '{}') AS cancelled,
                coalesce(array_agg(j.run), '{}') AS cancelled_runs
            FROM :schema.jobs AS j
            WHERE j.state = 'executing' AND j.node = $3 AND j.cancel_requested_at IS NOT NULL
        )
        SELECT
            EXISTS (
                SELECT
                FROM unnest($2::text[]) AS known (worker)
                CROSS JOIN LATERAL (
                    SELECT
                    FROM :schema.jobs AS j
                    WHERE j.state = 'available' AND j.crashes = 0 AND j.queue = q.queue AND j.worker = known.worker
                    ORDER BY j.priority, j.scheduled_at, j.id
                    LIMIT 1
                ) AS first
            ),
            {{SaidOfState}},
            {{SaidOfConcurrency}},
            look.suspects_wait,
            CASE WHEN q.position = 1 THEN look.cancelled END,
            CASE WHEN q.position = 1 THEN look.cancelled_runs END,
            look.batches_wait
        FROM (SELECT own.queue, own.position, $4::text AS node FROM unnest($1::text[]) WITH ORDINALITY AS own (queue, position)) AS q
        CROSS JOIN look
        ORDER BY q.position
        """;

    public override Task<PollResult> PollAsync(
        IReadOnlyList<string> queues, IReadOnlyList<string> workers, Guid node, string nodeName, CancellationToken cancellationToken) =>
        QueryAsync(
            _poll,
            parameters =>
            {
                parameters.BindArray([.. queues], NpgsqlDbType.Text);
                parameters.BindArray([.. workers], NpgsqlDbType.Text);
                parameters.Bind(node, NpgsqlDbType.Uuid);
                parameters.Bind(nodeName, NpgsqlDbType.Text);
            },
            async (reader, token) =>
            {
                var found = new PolledQueue[queues.Count];
                var (suspectsWait, batchesWait) = (false, false);
                (long, long)[] cancelled = [];
                for (var i = 0; await reader.ReadAsync(token).ConfigureAwait(false); i++)
                {
                    found[i] = new PolledQueue(reader.GetBoolean(0), new QueueRule(ReadState(reader, 1), ReadInteger(reader, 2)));
                    (suspectsWait, batchesWait) = (reader.GetBoolean(3), reader.GetBoolean(6));
                    if (!reader.IsDBNull(4))
                        cancelled = [.. reader.GetFieldValue<long[]>(4).Zip(reader.GetFieldValue<long[]>(5))];
                }

                return new PollResult(found, suspectsWait, cancelled) { BatchesWait = batchesWait };
            },
            cancellationToken);

    static QueueState ReadState(NpgsqlDataReader reader, int column) => reader.IsDBNull(column) ? QueueState.Running : QueueStates.FromSql(reader.GetString(column));

    static int? ReadInteger(NpgsqlDataReader reader, int column) => reader.IsDBNull(column) ? null : reader.GetInt32(column);

    const string ConcernedNodes = """
        SELECT count(*)::integer
        FROM :schema.nodes
        WHERE expires_at > :schema.clock() AND ($1 = '' OR $1 = ANY (queues)) AND ($2 = '' OR name = $2)
        """;

    internal const string SetQueueStateSql = $$"""
        WITH said AS (
            INSERT INTO :schema.queue_settings AS s (queue, node, state, state_set_at)
            VALUES ($1, $2, $3, :schema.clock())
            ON CONFLICT (queue, node) DO UPDATE SET state = excluded.state, state_set_at = excluded.state_set_at, seen_at = excluded.seen_at
        )
        {{ConcernedNodes}}
        """;

    public override Task<int> SetQueueStateAsync(string? queue, string? node, QueueState state, CancellationToken cancellationToken) =>
        SayOfQueueAsync(_setQueueState, queue, node, parameters => parameters.Bind(QueueStates.ToSql(state), NpgsqlDbType.Text), cancellationToken);

    internal const string ScaleQueueSql = $$"""
        WITH said AS (
            INSERT INTO :schema.queue_settings AS s (queue, node, concurrency, concurrency_set_at)
            VALUES ($1, $2, $3, :schema.clock())
            ON CONFLICT (queue, node) DO UPDATE
            SET concurrency = excluded.concurrency, concurrency_set_at = excluded.concurrency_set_at, seen_at = excluded.seen_at
        )
        {{ConcernedNodes}}
        """;

    public override Task<int> ScaleQueueAsync(string? queue, string? node, int? concurrency, CancellationToken cancellationToken) =>
        SayOfQueueAsync(_scaleQueue, queue, node, parameters => parameters.Bind(concurrency, NpgsqlDbType.Integer), cancellationToken);

    async Task<int> SayOfQueueAsync(string sql, string? queue, string? node, Action<NpgsqlParameterCollection> bind, CancellationToken cancellationToken)
    {
        await using var connection = await _database.OpenForCallerAsync(cancellationToken).ConfigureAwait(false);
        return await QueryAloneAsync(
            connection,
            parameters =>
            {
                parameters.Bind(queue ?? "", NpgsqlDbType.Text);
                parameters.Bind(node ?? "", NpgsqlDbType.Text);
                bind(parameters);
                return sql;
            },
            static async (reader, token) =>
            {
                await reader.ReadAsync(token).ConfigureAwait(false);
                return reader.GetInt32(0);
            },
            cancellationToken).ConfigureAwait(false);
    }

    internal const string QueueSettingsSql = """
        SELECT queue, node, state, NULL::integer, state_set_at
        FROM :schema.queue_settings
        WHERE state_set_at IS NOT NULL
        UNION ALL
        SELECT queue, node, NULL, concurrency, concurrency_set_at
        FROM :schema.queue_settings
        WHERE concurrency_set_at IS NOT NULL
        ORDER BY 5 DESC, 2 DESC, 1 DESC
        """;

    // What a queue has waiting is counted once, and not once for each of its nodes.
    internal const string QueuesSql = $$"""
        WITH working AS MATERIALIZED (
            SELECT own.queue, n.name AS node, n.id, coalesce(own.concurrency, 0) AS concurrency
            FROM :schema.nodes AS n
            CROSS JOIN LATERAL unnest(n.queues, n.concurrency) AS own (queue, concurrency)
            WHERE n.expires_at > :schema.clock() AND own.queue IS NOT NULL
        ), counted AS MATERIALIZED (
            SELECT known.queue, (
                SELECT count(*)
                FROM (
                    SELECT
                    FROM :schema.jobs AS j
                    WHERE j.state = 'available' AND j.crashes = 0 AND j.queue = known.queue
                    ORDER BY j.worker, j.priority, j.scheduled_at, j.id
                    LIMIT 10000
                ) AS bounded
            ) AS available
            FROM (SELECT queue FROM working UNION SELECT queue FROM :schema.queue_settings WHERE queue <> '') AS known
        )
        SELECT c.queue, c.available, q.node, q.concurrency, {{SaidOfState}}, {{SaidOfConcurrency}}, (
            SELECT count(*)
            FROM (
                SELECT
                FROM :schema.jobs AS j
                WHERE j.state = 'executing' AND j.node = q.id AND j.queue = q.queue
                ORDER BY j.id
                LIMIT 10000
            ) AS bounded
        )
        FROM counted AS c
        LEFT JOIN working AS q ON q.queue = c.queue
        ORDER BY c.queue, q.node, q.id
        """;

    public override async Task<IReadOnlyList<QueueStatus>> GetQueuesAsync(CancellationToken cancellationToken)
    {
        await using var connection = await _database.OpenForCallerAsync(cancellationToken).ConfigureAwait(false);
        var settings = await QueryAloneAsync(connection, Write(_queueSettings, static _ => { }), ReadSettingsAsync, cancellationToken).ConfigureAwait(false);
        return await QueryAloneAsync<IReadOnlyList<QueueStatus>>(
            connection,
            Write(_queues, static _ => { }),
            async (reader, token) =>
            {
                var queues = new List<QueueStatus>();
                var nodes = new List<QueueOnNode>();
                while (await reader.ReadAsync(token).ConfigureAwait(false))
                {
                    var queue = reader.GetString(0);
                    if (queues.Count == 0 || queues[^1].Queue != queue)
                        queues.Add(new QueueStatus(queue, nodes = [], reader.GetInt64(1), [.. settings.Where(setting => (setting.Queue ?? queue) == queue)]));
                    if (!reader.IsDBNull(2))
                        nodes.Add(new QueueOnNode(reader.GetString(2), ReadState(reader, 4), ReadInteger(reader, 5) ?? reader.GetInt32(3), reader.GetInt32(3), reader.GetInt64(6)));
                }

                return queues;
            },
            cancellationToken).ConfigureAwait(false);
    }

    static async Task<List<QueueSetting>> ReadSettingsAsync(NpgsqlDataReader reader, CancellationToken cancellationToken)
    {
        var settings = new List<QueueSetting>();
        while (await reader.ReadAsync(cancellationToken).ConfigureAwait(false))
        {
            settings.Add(new QueueSetting(
                Name(reader.GetString(0)), Name(reader.GetString(1)), reader.IsDBNull(2) ? null : QueueStates.FromSql(reader.GetString(2)),
                ReadInteger(reader, 3), reader.GetFieldValue<DateTimeOffset>(4)));
        }

        return settings;

        static string? Name(string name) => name.Length == 0 ? null : name;
    }

    // In one statement a row can be changed once, so who is seen is not judged by the same.
    internal const string SweepQueueSettingsSql = """
        WITH living AS MATERIALIZED (
            SELECT name
            FROM :schema.nodes
            WHERE expires_at > :schema.clock()
        ), seen AS (
            UPDATE :schema.queue_settings
            SET seen_at = :schema.clock()
            WHERE (queue, node) IN (
                SELECT queue, node
                FROM :schema.queue_settings
                WHERE node IN (SELECT name FROM living)
                ORDER BY queue, node
                FOR UPDATE SKIP LOCKED)
        )
        DELETE FROM :schema.queue_settings
        WHERE (queue, node) IN (
            SELECT queue, node
            FROM :schema.queue_settings
            WHERE node <> '' AND seen_at <= :schema.clock() - $1::interval AND NOT node IN (SELECT name FROM living)
            ORDER BY queue, node
            FOR UPDATE SKIP LOCKED)
        """;

    public override Task SweepQueueSettingsAsync(TimeSpan age, CancellationToken cancellationToken) =>
        ExecuteAsync(_sweepQueueSettings, parameters => parameters.Bind(age, NpgsqlDbType.Interval), cancellationToken);
}
