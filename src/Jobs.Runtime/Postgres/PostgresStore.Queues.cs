using Jobs.Store;
using NpgsqlTypes;

namespace Jobs.Postgres;

sealed partial class PostgresStore
{
    // Two steps into an index for each queue and worker, however many jobs there are. The ORDER BY leaves the planner no other way to the
    // first job: where it takes available jobs for frequent it would read the table for one. In an EXISTS it would not count.
    internal const string PollSql = """
        SELECT
            ARRAY(
                SELECT own.queue
                FROM unnest($1::text[]) AS own (queue)
                WHERE EXISTS (
                    SELECT
                    FROM unnest($2::text[]) AS known (worker)
                    CROSS JOIN LATERAL (
                        SELECT
                        FROM :schema.jobs AS j
                        WHERE j.state = 'available' AND j.crashes = 0 AND j.queue = own.queue AND j.worker = known.worker
                        ORDER BY j.priority, j.scheduled_at, j.id
                        LIMIT 1
                    ) AS first
                )
            ),
            (
                SELECT count(*) > 0
                FROM (
                    SELECT
                    FROM :schema.jobs AS j
                    WHERE j.state = 'available' AND j.crashes > 0 AND j.queue = ANY ($1) AND j.worker = ANY ($2)
                    ORDER BY j.crashes, j.priority, j.scheduled_at, j.id
                    LIMIT 1
                ) AS suspect
            ),
            cancelled.ids,
            cancelled.runs
        FROM (
            SELECT coalesce(array_agg(j.id), '{}') AS ids, coalesce(array_agg(j.run), '{}') AS runs
            FROM :schema.jobs AS j
            WHERE j.state = 'executing' AND j.node = $3 AND j.cancel_requested_at IS NOT NULL
        ) AS cancelled
        """;

    public override Task<PollResult> PollAsync(
        IReadOnlyList<string> queues, IReadOnlyList<string> workers, Guid node, CancellationToken cancellationToken) =>
        QueryAsync(
            _poll,
            parameters =>
            {
                parameters.BindArray([.. queues], NpgsqlDbType.Text);
                parameters.BindArray([.. workers], NpgsqlDbType.Text);
                parameters.Bind(node, NpgsqlDbType.Uuid);
            },
            static async (reader, token) =>
            {
                await reader.ReadAsync(token).ConfigureAwait(false);
                return new PollResult(
                    reader.GetFieldValue<string[]>(0), reader.GetBoolean(1), [.. reader.GetFieldValue<long[]>(2).Zip(reader.GetFieldValue<long[]>(3))]);
            },
            cancellationToken);
}
