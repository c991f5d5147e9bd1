using System.Data;
using Npgsql;

namespace Jobs.Torture.Checking;

/// <summary>A row of the table of jobs.</summary>
/// <param name="Key">What the job is about, as its journal line says it.</param>
sealed record JobRow(
    long Id, string Key, string State, long Run, int Attempt, int Crashes, int MaxAttempts, long? Batch, long? CallbackOf, DateTime? FinishedAt)
{
    public bool IsFinal => State is "completed" or "cancelled" or "discarded";
}

/// <summary>A row of the table of batches.</summary>
sealed record BatchRow(long Key, string Id, bool IsSealed, bool IsClosed, int Total, int Pending, int Completed, int Cancelled, int Discarded, bool HasCallback);

/// <summary>Jobs and batches as they were at one moment: read in one REPEATABLE READ transaction.</summary>
sealed record Snapshot(IReadOnlyList<JobRow> Jobs, IReadOnlyList<BatchRow> Batches)
{
    const string BatchesSql = """
        SELECT key, id, sealed_at IS NOT NULL, closed_at IS NOT NULL, total, pending, completed, cancelled, discarded, callback_worker IS NOT NULL
        FROM jobs.batches
        WHERE $1::text IS NULL OR id = $1
        """;

    const string JobsSql = """
        SELECT
            j.id, coalesce(j.args ->> 'email', j.args ->> 'number', j.args ->> 'death', j.args ->> 'batch_id', ''),
            j.state::text, j.run, j.attempt, j.crashes, j.max_attempts, j.batch, j.callback_of, j.finished_at
        FROM jobs.jobs AS j
        WHERE $1::text IS NULL OR coalesce(j.batch, j.callback_of) = (SELECT key FROM jobs.batches WHERE id = $1)
        """;

    /// <summary>Reads one batch with its members and callbacks, or everything.</summary>
    public static async Task<Snapshot> TakeAsync(NpgsqlDataSource dataSource, string? batch, CancellationToken cancellationToken)
    {
        await using var connection = await dataSource.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(IsolationLevel.RepeatableRead, cancellationToken);
        var batches = await ReadAsync(connection, BatchesSql, batch, static row => new BatchRow(
            row.GetInt64(0), row.GetString(1), row.GetBoolean(2), row.GetBoolean(3),
            row.GetInt32(4), row.GetInt32(5), row.GetInt32(6), row.GetInt32(7), row.GetInt32(8), row.GetBoolean(9)), cancellationToken);
        var jobs = await ReadAsync(connection, JobsSql, batch, static row => new JobRow(
            row.GetInt64(0), row.GetString(1), row.GetString(2), row.GetInt64(3), row.GetInt16(4), row.GetInt16(5), row.GetInt16(6),
            row.IsDBNull(7) ? null : row.GetInt64(7), row.IsDBNull(8) ? null : row.GetInt64(8), row.IsDBNull(9) ? null : row.GetDateTime(9)), cancellationToken);
        return new Snapshot(jobs, batches);
    }

    static async Task<List<T>> ReadAsync<T>(NpgsqlConnection connection, string sql, string? batch, Func<NpgsqlDataReader, T> row, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        command.Parameters.Add(new NpgsqlParameter<string?> { TypedValue = batch });
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        var rows = new List<T>();
        while (await reader.ReadAsync(cancellationToken))
            rows.Add(row(reader));
        return rows;
    }
}
