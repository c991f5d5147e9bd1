using Jobs.Store;
using NpgsqlTypes;

namespace Jobs.Postgres;

/// <summary>Runs the failed members of a batch that has closed once more, in a batch of their own.</summary>
sealed partial class PostgresStore
{
    // The first number that is free, or whose batch a former call opened and did not come to seal: that one may have moved all there was. Two
    // callers may find the same. A new one is opened only if the snapshot that shows the former ones sealed shows something to move: who moves is done
    // before he seals, so no batch stays empty, and nobody is told of one.
    internal const string OpenRetryBatchSql = """
        WITH source AS (
            SELECT *
            FROM :schema.batches
            WHERE key = $1
        ), number AS (
            SELECT n
            FROM source
            CROSS JOIN generate_series(1, 10000) AS n
            WHERE NOT EXISTS (SELECT FROM :schema.batches AS other WHERE other.id = source.id || '/retry-' || n AND other.sealed_at IS NOT NULL)
            ORDER BY n
            LIMIT 1
        ), opened AS (
            INSERT INTO :schema.batches (
                id, metadata, open_for, expires_at, callback_worker, callback_queue, callback_priority, callback_max_attempts, is_callback_named)
            SELECT
                id || '/retry-' || n, metadata, interval '1 day', :schema.clock() + interval '1 day', callback_worker, callback_queue, callback_priority,
                callback_max_attempts, is_callback_named
            FROM source, number
            WHERE EXISTS (SELECT FROM :schema.jobs AS j WHERE j.batch = source.key AND j.state IN ('cancelled', 'discarded'))
            ON CONFLICT (id) DO NOTHING
            RETURNING key, id
        ), listeners AS (
            INSERT INTO :schema.batch_callbacks (batch, kind, worker, queue, priority, max_attempts, is_named)
            SELECT opened.key, c.kind, c.worker, c.queue, c.priority, c.max_attempts, c.is_named
            FROM :schema.batch_callbacks AS c, opened
            WHERE c.batch = $1
        )
        SELECT key, id
        FROM opened
        UNION ALL
        SELECT b.key, b.id
        FROM :schema.batches AS b, source, number
        WHERE b.id = source.id || '/retry-' || number.n
        """;

    internal const string HasFailedSql = """
        SELECT key, EXISTS (SELECT FROM :schema.jobs AS j WHERE j.batch = b.key AND j.state IN ('cancelled', 'discarded'))
        FROM :schema.batches AS b
        WHERE id = $1
        """;

    public override async Task<(string Id, long Key)?> OpenRetryBatchAsync(string id, CancellationToken cancellationToken)
    {
        await using var connection = await _database.OpenForCallerAsync(cancellationToken).ConfigureAwait(false);
        while (true)
        {
            var (key, hasFailed) = await QueryAloneAsync<(long, bool)?>(
                connection,
                Write(_hasFailed, parameters => parameters.Bind(id, NpgsqlDbType.Text)),
                static async (reader, token) => await reader.ReadAsync(token).ConfigureAwait(false) ? (reader.GetInt64(0), reader.GetBoolean(1)) : null,
                cancellationToken).ConfigureAwait(false) ?? throw new BatchNotFoundException(id);
            var opened = await QueryAloneAsync<(string, long)?>(
                connection,
                Write(_openRetryBatch, parameters => parameters.Bind(key, NpgsqlDbType.Bigint)),
                static async (reader, token) => await reader.ReadAsync(token).ConfigureAwait(false) ? (reader.GetString(1), reader.GetInt64(0)) : null,
                cancellationToken).ConfigureAwait(false);

            // None, though there is something to move, where another caller has just opened it: it is there when this one looks again.
            if (opened is not null || !hasFailed)
                return opened;
        }
    }

    public override Task<ChangeResult> MoveFailedAsync(string id, long into, long after, int limit, CancellationToken cancellationToken) =>
        RetryAsync(new JobSelection(new JobFilter { Batch = id, States = [JobState.Cancelled, JobState.Discarded] }, after, limit), into, cancellationToken);
}
