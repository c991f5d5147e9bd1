using System.Collections.ObjectModel;
using Jobs.Store;
using Npgsql;
using NpgsqlTypes;

namespace Jobs.Postgres;

sealed partial class PostgresStore
{
    // One row more than asked for, to know whether there are more.
    static string Page(string condition) => $"""
        SELECT j.*
            FROM :schema.jobs AS j
            WHERE {condition}
            {PageEnd}
        """;

    const string PageEnd = """
        ORDER BY j.id :direction
            LIMIT $1 + 1
        """;

    // Each index has its page, and the first of them all are the page of all.
    static string PageOfSeveral(IEnumerable<string> conditions) => $"""
        SELECT j.*
            FROM (
                ({string.Join(")\n        UNION ALL\n        (", conditions.Select(Page))})
            ) AS j
            {PageEnd}
        """;

    internal static string ListJobs(JobFilter filter, string condition, JobOrder order)
    {
        var conditions = JobFilterSql.OfEachIndex(filter, condition);
        return $"""
            WITH page AS MATERIALIZED (
                {(conditions is [var only] ? Page(only) : PageOfSeveral(conditions))}
            ), {Weighed}
            """.Replace(":direction", order == JobOrder.OldestFirst ? "ASC" : "DESC", StringComparison.Ordinal);
    }

    // Of large jobs come as many as make 8 MiB, and one at least; what errors, output and meta weigh is their size in the table, which PostgreSQL knows
    // without reading them.
    const string Weighed = """
        weighed AS (
            SELECT page.*, count(*) OVER () AS found, sum(
                args_bytes + coalesce(pg_column_size(errors), 0) + coalesce(pg_column_size(output), 0) + coalesce(pg_column_size(meta), 0))
                OVER (ORDER BY id :direction ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS before
            FROM page
        )
        SELECT
            j.found, j.id, j.state::text, j.worker, j.queue, j.priority, j.args, j.attempt, j.max_attempts, j.crashes, j.errors, j.output, j.progress,
            j.tags, j.meta, batch.id, told.id, n.name, j.inserted_at, j.scheduled_at, j.attempted_at, j.finished_at, j.cancel_requested_at
        FROM weighed AS j
        LEFT JOIN :schema.batches AS batch ON batch.key = j.batch
        LEFT JOIN :schema.batches AS told ON told.key = j.callback_of
        LEFT JOIN :schema.nodes AS n ON n.id = j.node
        WHERE j.before IS NULL OR j.before < 8388608
        ORDER BY j.id :direction
        LIMIT $1
        """;

    public override Task<JobPage> ListAsync(JobFilter filter, int limit, long? after, JobOrder order, CancellationToken cancellationToken) =>
        ForCallerAsync(
            parameters =>
            {
                parameters.Bind((long)limit, NpgsqlDbType.Bigint);
                var condition = JobFilterSql.Where(filter, parameters);
                if (after is { } id)
                {
                    parameters.Bind(id, NpgsqlDbType.Bigint);
                    condition += $" AND j.id {(order == JobOrder.OldestFirst ? ">" : "<")} ${parameters.Count}";
                }

                return ListJobs(filter, condition, order);
            },
            static async (reader, token) =>
            {
                var jobs = new List<StoredJob>();
                var found = 0L;
                while (await reader.ReadAsync(token).ConfigureAwait(false))
                {
                    found = reader.GetInt64(0);
                    jobs.Add(ReadStored(reader));
                }

                return new JobPage(jobs, jobs.Count < found ? jobs[^1].Id : null);
            },
            cancellationToken);

    static StoredJob ReadStored(NpgsqlDataReader row) => new()
    {
        Id = row.GetInt64(1),
        State = JobStates.FromSql(row.GetString(2)),
        Worker = row.GetString(3),
        Queue = row.GetString(4),
        Priority = row.GetInt16(5),
        Args = row.GetFieldValue<byte[]>(6),
        Attempt = row.GetInt16(7),
        MaxAttempts = row.GetInt16(8),
        Crashes = row.GetInt16(9),
        Errors = row.IsDBNull(10) ? [] : JobError.Read(row.GetFieldValue<byte[]>(10)),
        Output = row.IsDBNull(11) ? default(ReadOnlyMemory<byte>?) : row.GetFieldValue<byte[]>(11),
        Progress = row.IsDBNull(12) ? null : JobProgress.Read(row.GetFieldValue<byte[]>(12)),
        Tags = row.IsDBNull(13) ? [] : row.GetFieldValue<string[]>(13),
        Meta = row.IsDBNull(14) ? ReadOnlyDictionary<string, string>.Empty : JobMeta.Read(row.GetFieldValue<byte[]>(14)),
        Batch = row.IsDBNull(15) ? null : row.GetString(15),
        CallbackOf = row.IsDBNull(16) ? null : row.GetString(16),
        Node = row.IsDBNull(17) ? null : row.GetString(17),
        InsertedAt = row.GetFieldValue<DateTimeOffset>(18),
        ScheduledAt = row.GetFieldValue<DateTimeOffset>(19),
        AttemptedAt = Instant(row, 20),
        FinishedAt = Instant(row, 21),
        CancelRequestedAt = Instant(row, 22),
    };

    static DateTimeOffset? Instant(NpgsqlDataReader row, int column) => row.IsDBNull(column) ? null : row.GetFieldValue<DateTimeOffset>(column);

    // Of a batch in order, since no scan of the whole table has it: the planner takes members for spread over all pages, and believes that it meets $1 of
    // them soon.
    internal static string CountJobs(JobFilter filter, string condition)
    {
        var parts = JobFilterSql.OfEachIndex(filter, condition).Select(part => $"""
            (
                SELECT
                FROM :schema.jobs AS j
                WHERE {part}
                {(filter.Batch is null ? "" : "ORDER BY j.id")}
                LIMIT $1 + 1
            )
            """);
        return $"""
            SELECT count(*)
            FROM (
                {string.Join("\nUNION ALL\n", parts)}
            ) AS bounded
            """;
    }

    public override Task<JobCount> CountAsync(JobFilter filter, int limit, CancellationToken cancellationToken) =>
        ForCallerAsync(
            parameters =>
            {
                parameters.Bind((long)limit, NpgsqlDbType.Bigint);
                return CountJobs(filter, JobFilterSql.Where(filter, parameters));
            },
            async (reader, token) =>
            {
                await reader.ReadAsync(token).ConfigureAwait(false);
                return Counted(reader.GetInt64(0), limit);
            },
            cancellationToken);

    static JobCount Counted(long found, int limit) => new(Math.Min(found, limit), found > limit);

    // What is available is counted queue by queue, by steps through the index that has the queue first. The others are few, or, where
    // they are not, counted over all queues together: then the limit cuts each of them off.
    internal const string CountQueuesSql = """
        WITH RECURSIVE due AS (
            (
                SELECT queue
                FROM :schema.jobs
                WHERE state = 'available' AND crashes = 0
                ORDER BY queue
                LIMIT 1
            )
            UNION ALL
            SELECT next.queue
            FROM due
            CROSS JOIN LATERAL (
                SELECT j.queue
                FROM :schema.jobs AS j
                WHERE j.state = 'available' AND j.crashes = 0 AND j.queue > due.queue
                ORDER BY j.queue
                LIMIT 1
            ) AS next
        ), suspect AS MATERIALIZED (
            SELECT queue
            FROM :schema.jobs
            WHERE state = 'available' AND crashes > 0
            LIMIT $1 + 1
        ), executing AS MATERIALIZED (
            SELECT queue
            FROM :schema.jobs
            WHERE state = 'executing'
            LIMIT $1 + 1
        ), waiting AS MATERIALIZED (
            SELECT queue, state
            FROM :schema.jobs
            WHERE state IN ('scheduled', 'retryable')
            ORDER BY scheduled_at, id
            LIMIT $1 + 1
        )
        SELECT due.queue, 'available', bounded.count, bounded.count > $1
        FROM due
        CROSS JOIN LATERAL (
            SELECT count(*)
            FROM (
                SELECT
                FROM :schema.jobs AS j
                WHERE j.state = 'available' AND j.crashes = 0 AND j.queue = due.queue
                LIMIT $1 + 1
            ) AS first
        ) AS bounded
        UNION ALL
        SELECT queue, 'available', count(*), (SELECT count(*) > $1 FROM suspect) FROM suspect GROUP BY queue
        UNION ALL
        SELECT queue, 'executing', count(*), (SELECT count(*) > $1 FROM executing) FROM executing GROUP BY queue
        UNION ALL
        SELECT queue, state::text, count(*), (SELECT count(*) > $1 FROM waiting) FROM waiting GROUP BY queue, state
        """;

    public override Task<IReadOnlyList<QueueCounts>> CountQueuesAsync(int limit, CancellationToken cancellationToken) =>
        ForCallerAsync<IReadOnlyList<QueueCounts>>(
            parameters =>
            {
                parameters.Bind((long)limit, NpgsqlDbType.Bigint);
                return CountQueuesSql;
            },
            async (reader, token) =>
            {
                var counts = new Dictionary<(string Queue, JobState State), JobCount>();
                while (await reader.ReadAsync(token).ConfigureAwait(false))
                {
                    var key = (reader.GetString(0), JobStates.FromSql(reader.GetString(1)));
                    var sum = counts.GetValueOrDefault(key).Value + reader.GetInt64(2);
                    counts[key] = new JobCount(Math.Min(sum, limit), sum > limit || reader.GetBoolean(3) || counts.GetValueOrDefault(key).IsAtLeast);
                }

                return [.. counts.Keys.Select(key => key.Queue).Distinct().Order(StringComparer.Ordinal).Select(queue => new QueueCounts(
                    queue,
                    counts.GetValueOrDefault((queue, JobState.Available)),
                    counts.GetValueOrDefault((queue, JobState.Executing)),
                    counts.GetValueOrDefault((queue, JobState.Scheduled)),
                    counts.GetValueOrDefault((queue, JobState.Retryable))))];
            },
            cancellationToken);

    // One look by the primary key for each id, however many there are.
    internal const string EndedSql = """
        SELECT id
        FROM unnest($1::bigint[]) AS awaited (id)
        WHERE coalesce((SELECT :schema.is_final(j.state) FROM :schema.jobs AS j WHERE j.id = awaited.id), true)
        """;

    public override Task<IReadOnlyList<long>> FindEndedAsync(IReadOnlyCollection<long> ids, CancellationToken cancellationToken) =>
        ForCallerAsync<IReadOnlyList<long>>(
            parameters =>
            {
                parameters.BindArray([.. ids], NpgsqlDbType.Bigint);
                return EndedSql;
            },
            static async (reader, token) =>
            {
                var ended = new List<long>();
                while (await reader.ReadAsync(token).ConfigureAwait(false))
                    ended.Add(reader.GetInt64(0));
                return ended;
            },
            cancellationToken);
}
