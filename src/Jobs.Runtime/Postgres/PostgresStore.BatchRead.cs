using System.Text.Json;
using Jobs.Store;
using Npgsql;
using NpgsqlTypes;

namespace Jobs.Postgres;

/// <summary>Reads batches. On the connections of the callers: who watches one asks often.</summary>
sealed partial class PostgresStore
{
    const string BatchColumns = """
        SELECT
            b.id, b.total, b.pending - CASE WHEN b.sealed_at IS NULL THEN 1 ELSE 0 END,
            (SELECT count(*) FROM :schema.jobs AS j WHERE j.batch = b.key AND j.state = 'retryable')::integer,
            b.completed, b.cancelled, b.discarded, b.inserted_at, b.closed_at, b.callback_worker,
            (SELECT j.state::text FROM :schema.jobs AS j WHERE j.callback_of = b.key AND j.callback = 'complete'),
            b.sealed_at, b.cancel_requested_at, (SELECT p.id FROM :schema.batches AS p WHERE p.key = b.parent), b.metadata, :schema.clock(), b.key
        FROM :schema.batches AS b
        """;

    internal const string BatchStatusSql = $"""
        {BatchColumns}
        WHERE b.id = $1
        """;

    public override async Task<BatchStatus?> FindBatchAsync(string id, CancellationToken cancellationToken)
    {
        await using var connection = await _database.OpenForCallerAsync(cancellationToken).ConfigureAwait(false);
        return await QueryAloneAsync<BatchStatus?>(
            connection,
            Write(_batchStatus, parameters => parameters.Bind(id, NpgsqlDbType.Text)),
            static async (reader, token) => await reader.ReadAsync(token).ConfigureAwait(false) ? ReadStatus(reader) : null,
            cancellationToken).ConfigureAwait(false);
    }

    // A batch that somebody holds is marked at the next time.
    internal const string WatchBatchSql = """
        UPDATE :schema.batches
        SET watched_until = :schema.clock() + $2
        WHERE key = (SELECT key FROM :schema.batches WHERE id = $1 AND closed_at IS NULL FOR NO KEY UPDATE SKIP LOCKED)
        """;

    public override async Task WatchBatchAsync(string id, TimeSpan during, CancellationToken cancellationToken)
    {
        await using var connection = await _database.OpenForCallerAsync(cancellationToken).ConfigureAwait(false);
        await QueryAloneAsync(
            connection,
            Write(_watchBatch, parameters =>
            {
                parameters.Bind(id, NpgsqlDbType.Text);
                parameters.Bind(during, NpgsqlDbType.Interval);
            }),
            static (_, _) => Task.FromResult(true),
            cancellationToken).ConfigureAwait(false);
    }

    static BatchStatus ReadStatus(NpgsqlDataReader reader) => new(
        Id: reader.GetString(0),
        Total: reader.GetInt32(1),
        Pending: reader.GetInt32(2),
        Retryable: reader.GetInt32(3),
        Completed: reader.GetInt32(4),
        Cancelled: reader.GetInt32(5),
        Discarded: reader.GetInt32(6))
    {
        InsertedAt = reader.GetFieldValue<DateTimeOffset>(7),
        ClosedAt = ReadInstant(reader, 8),
        CallbackWorker = reader.IsDBNull(9) ? null : reader.GetString(9),
        CallbackState = reader.IsDBNull(10) ? null : JobStates.FromSql(reader.GetString(10)),
        SealedAt = ReadInstant(reader, 11),
        CancelRequestedAt = ReadInstant(reader, 12),
        Parent = reader.IsDBNull(13) ? null : reader.GetString(13),
        Metadata = reader.IsDBNull(14) ? null : JsonElement.Parse(reader.GetFieldValue<byte[]>(14)),
        AsOf = reader.GetFieldValue<DateTimeOffset>(15),
    };

    static DateTimeOffset? ReadInstant(NpgsqlDataReader reader, int column) => reader.IsDBNull(column) ? null : reader.GetFieldValue<DateTimeOffset>(column);

    public override async Task<BatchPage> ListBatchesAsync(BatchFilter filter, int limit, long? after, CancellationToken cancellationToken)
    {
        await using var connection = await _database.OpenForCallerAsync(cancellationToken).ConfigureAwait(false);
        return await QueryAloneAsync(
            connection,
            parameters => _database.Schema.Qualify($"""
                {BatchColumns}
                WHERE {Conditions(filter, after, parameters)}
                ORDER BY b.key DESC
                LIMIT {limit + 1}
                """),
            async (row, token) =>
            {
                var batches = new List<(BatchStatus Status, long Key)>();
                while (await row.ReadAsync(token).ConfigureAwait(false))
                    batches.Add((ReadStatus(row), row.GetInt64(16)));
                return batches.Count <= limit
                    ? new BatchPage([.. batches.Select(static batch => batch.Status)], null)
                    : new BatchPage([.. batches.Take(limit).Select(static batch => batch.Status)], batches[limit - 1].Key);
            },
            cancellationToken).ConfigureAwait(false);
    }

    // Written out for each filter, as those of jobs are.
    static string Conditions(BatchFilter filter, long? after, NpgsqlParameterCollection parameters)
    {
        var conditions = new List<string> { "true" };
        if (after is { } key)
            conditions.Add($"b.key < {Value(key, NpgsqlDbType.Bigint)}");
        if (filter.IsClosed is { } isClosed)
            conditions.Add($"b.closed_at IS {(isClosed ? "NOT " : "")}NULL");
        if (filter.HasDiscarded is { } hasDiscarded)
            conditions.Add($"b.discarded {(hasDiscarded ? ">" : "=")} 0");
        if (filter.IsCancelled is { } isCancelled)
            conditions.Add($"b.cancel_requested_at IS {(isCancelled ? "NOT " : "")}NULL");
        if (filter.Parent is { } parent)
            conditions.Add($"b.parent = (SELECT p.key FROM :schema.batches AS p WHERE p.id = {Value(parent, NpgsqlDbType.Text)})");
        if (filter.IdPrefix is { } prefix)
            conditions.Add($"starts_with(b.id, {Value(prefix, NpgsqlDbType.Text)})");
        if (filter.InsertedFrom is { } from)
            conditions.Add($"b.inserted_at >= {Value(from.UtcDateTime, NpgsqlDbType.TimestampTz)}");
        if (filter.InsertedBefore is { } before)
            conditions.Add($"b.inserted_at < {Value(before.UtcDateTime, NpgsqlDbType.TimestampTz)}");
        return string.Join(" AND ", conditions);

        string Value<T>(T value, NpgsqlDbType type)
        {
            parameters.Bind(value, type);
            return $"${parameters.Count}";
        }
    }
}
