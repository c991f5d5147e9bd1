using Npgsql;
using NpgsqlTypes;

namespace Jobs.Postgres;

sealed partial class PostgresStore
{
    const int InsertChunk = 1_000;

    // The ids are taken before the insert, so that they come back in the order of the jobs: the rows that
    // INSERT … SELECT returns have no promised order.
    internal const string InsertSql = """
        WITH input AS MATERIALIZED (
            SELECT nextval(':schema.job_ids') AS id, t.*, coalesce(t.due_at, :schema.clock() + t.due_in, :schema.clock()) AS due
            FROM unnest($1::text[], $2::text[], $3::jsonb[], $4::smallint[], $5::smallint[], $6::timestamptz[], $7::interval[])
                WITH ORDINALITY AS t (worker, queue, args, priority, max_attempts, due_at, due_in, place)
        ), inserted AS (
            INSERT INTO :schema.jobs (id, batch, scheduled_at, state, max_attempts, priority, queue, worker, args)
            SELECT
                id, $8, due, CAST(CASE WHEN due > :schema.clock() THEN 'scheduled' ELSE 'available' END AS :schema.job_state),
                max_attempts, priority, queue, worker, args
            FROM input
        )
        SELECT id
        FROM input
        ORDER BY place
        """;

    public override async Task<IReadOnlyList<long>> EnqueueAsync(IEnumerable<NewJob> jobs, CancellationToken cancellationToken)
    {
        await using var connection = await _database.OpenForCallerAsync(cancellationToken).ConfigureAwait(false);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken).ConfigureAwait(false);
        var ids = new List<long>();
        foreach (var chunk in jobs.Chunk(InsertChunk))
            ids.AddRange(await InsertAsync(connection, chunk, batch: null, cancellationToken).ConfigureAwait(false));
        await transaction.CommitAsync(cancellationToken).ConfigureAwait(false);
        return ids;
    }

    Task<List<long>> InsertAsync(NpgsqlConnection connection, NewJob[] jobs, long? batch, CancellationToken cancellationToken) =>
        QueryAsync(
            connection,
            _insert,
            parameters =>
            {
                parameters.BindArray(Array.ConvertAll(jobs, job => job.Worker), NpgsqlDbType.Text);
                parameters.BindArray(Array.ConvertAll(jobs, job => job.Queue), NpgsqlDbType.Text);
                parameters.BindArray(Array.ConvertAll(jobs, job => job.Args), NpgsqlDbType.Jsonb);
                parameters.BindArray(Array.ConvertAll(jobs, job => (short)job.Priority), NpgsqlDbType.Smallint);
                parameters.BindArray(Array.ConvertAll(jobs, job => (short)job.MaxAttempts), NpgsqlDbType.Smallint);
                parameters.BindArray(Array.ConvertAll(jobs, job => job.ScheduleAt?.UtcDateTime), NpgsqlDbType.TimestampTz);
                parameters.BindArray(Array.ConvertAll(jobs, job => job.ScheduleIn), NpgsqlDbType.Interval);
                parameters.Bind(batch is { } key ? key : (object)DBNull.Value, NpgsqlDbType.Bigint);
            },
            static async (reader, token) =>
            {
                var ids = new List<long>();
                while (await reader.ReadAsync(token).ConfigureAwait(false))
                    ids.Add(reader.GetInt64(0));
                return ids;
            },
            cancellationToken);
}
