using System.Data;
using Npgsql;

namespace Jobs.Torture.Checking;

/// <summary>A member's row.</summary>
readonly record struct MemberRow(long Id, long Number, string State, long Run, int Crashes, long Batch, DateTime? FinishedAt)
{
    public bool IsFinal => State is "completed" or "cancelled" or "discarded";
}

/// <summary>A callback's row, with the counts that it tells.</summary>
sealed record CallbackRow(long Id, string Kind, string State, int Crashes, long Batch, int Total, int Completed, int Cancelled, int Discarded);

/// <summary>A batch's row.</summary>
sealed record CountedBatch(
    long Key, string Id, long? Parent, bool IsSealed, DateTime? ClosedAt, DateTime? CountedAt, bool IsCancelRequested, int Total, int Pending, int Completed, int Cancelled, int Discarded)
{
    public bool IsClosed => ClosedAt is not null;

    /// <summary>How it counts in the batch that it is in.</summary>
    public string End => Discarded > 0 ? "discarded" : Cancelled > 0 ? "cancelled" : "completed";
}

/// <summary>Something that happened to a member, written by a trigger in the transaction in which it happened.</summary>
/// <param name="What">"moved" out of its batch, "deleted", or the state that it came to: "retryable", "cancelled" or "discarded".</param>
/// <param name="State">The state that it came to; of one that was moved or deleted, the state that it had.</param>
/// <param name="At">When the row was changed, by the machine's clock.</param>
readonly record struct MemberEvent(long Job, long Number, long Batch, string What, string State, DateTime At)
{
    public bool IsGone => What is "moved" or "deleted";

    /// <summary>As what its batch counts one that is gone.</summary>
    public string CountedAs => State is "completed" or "discarded" ? State : "cancelled";
}

/// <summary>All members, callbacks and batches as they were at one moment, and what happened to members until then: read in one REPEATABLE READ transaction.</summary>
sealed record BatchTables(
    IReadOnlyList<MemberRow> Members, IReadOnlyList<CallbackRow> Callbacks, IReadOnlyList<CountedBatch> Batches, IReadOnlyList<MemberEvent> Events)
{
    // Rows tell how members are, and not how they were before a retry or a deletion.
    const string WatchSql = """
        CREATE TABLE public.torture_events (
            job    bigint NOT NULL,
            number bigint NOT NULL,
            batch  bigint NOT NULL,
            what   text NOT NULL,
            state  text NOT NULL,
            at     timestamptz NOT NULL DEFAULT clock_timestamp()
        );

        CREATE FUNCTION public.torture_note_end() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            INSERT INTO public.torture_events (job, number, batch, what, state)
            VALUES (new.id, (new.args ->> 'number')::bigint, new.batch, new.state::text, new.state::text);
            RETURN NULL;
        END
        $$;

        CREATE FUNCTION public.torture_note_loss() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            INSERT INTO public.torture_events (job, number, batch, what, state)
            VALUES (old.id, (old.args ->> 'number')::bigint, old.batch, CASE WHEN tg_op = 'DELETE' THEN 'deleted' ELSE 'moved' END, old.state::text);
            RETURN NULL;
        END
        $$;

        CREATE TRIGGER torture_ends AFTER UPDATE OF state ON jobs.jobs
            FOR EACH ROW WHEN (new.batch IS NOT NULL AND new.state IN ('retryable', 'cancelled', 'discarded') AND old.state <> new.state)
            EXECUTE FUNCTION public.torture_note_end();
        CREATE TRIGGER torture_moves AFTER UPDATE OF batch ON jobs.jobs
            FOR EACH ROW WHEN (old.batch IS DISTINCT FROM new.batch)
            EXECUTE FUNCTION public.torture_note_loss();
        CREATE TRIGGER torture_deletes AFTER DELETE ON jobs.jobs
            FOR EACH ROW WHEN (old.batch IS NOT NULL)
            EXECUTE FUNCTION public.torture_note_loss();
        """;

    const string BatchesSql = """
        SELECT key, id, parent, sealed_at IS NOT NULL, closed_at, counted_at, cancel_requested_at IS NOT NULL, total, pending, completed, cancelled, discarded
        FROM jobs.batches
        """;

    const string MembersSql = """
        SELECT id, (args ->> 'number')::bigint, state::text, run, crashes, batch, finished_at
        FROM jobs.jobs
        WHERE batch IS NOT NULL
        """;

    const string CallbacksSql = """
        SELECT
            id, callback, state::text, crashes, callback_of, (args ->> 'total')::integer, (args ->> 'completed')::integer, (args ->> 'cancelled')::integer,
            (args ->> 'discarded')::integer
        FROM jobs.jobs
        WHERE callback_of IS NOT NULL
        """;

    const string EventsSql = "SELECT job, number, batch, what, state, at FROM public.torture_events";

    /// <summary>Has what happens to members noted from now on.</summary>
    public static Task WatchAsync(Observer observer, CancellationToken cancellationToken) => observer.ExecuteAsync(WatchSql, [], cancellationToken);

    public static async Task<BatchTables> TakeAsync(NpgsqlDataSource dataSource, CancellationToken cancellationToken)
    {
        await using var connection = await dataSource.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(IsolationLevel.RepeatableRead, cancellationToken);
        return new BatchTables(
            await ReadAsync(connection, MembersSql, static row => new MemberRow(
                row.GetInt64(0), row.GetInt64(1), string.Intern(row.GetString(2)), row.GetInt64(3), row.GetInt16(4), row.GetInt64(5), Time(row, 6)), cancellationToken),
            await ReadAsync(connection, CallbacksSql, static row => new CallbackRow(
                row.GetInt64(0), row.GetString(1), row.GetString(2), row.GetInt16(3), row.GetInt64(4), row.GetInt32(5), row.GetInt32(6), row.GetInt32(7), row.GetInt32(8)), cancellationToken),
            await ReadAsync(connection, BatchesSql, static row => new CountedBatch(
                row.GetInt64(0), row.GetString(1), row.IsDBNull(2) ? null : row.GetInt64(2), row.GetBoolean(3), Time(row, 4), Time(row, 5), row.GetBoolean(6),
                row.GetInt32(7), row.GetInt32(8), row.GetInt32(9), row.GetInt32(10), row.GetInt32(11)), cancellationToken),
            await ReadAsync(connection, EventsSql, static row => new MemberEvent(
                row.GetInt64(0), row.GetInt64(1), row.GetInt64(2), string.Intern(row.GetString(3)), string.Intern(row.GetString(4)), row.GetDateTime(5)), cancellationToken));
    }

    static async Task<List<T>> ReadAsync<T>(NpgsqlConnection connection, string sql, Func<NpgsqlDataReader, T> row, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(sql, connection) { CommandTimeout = 300 };
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        var rows = new List<T>();
        while (await reader.ReadAsync(cancellationToken))
            rows.Add(row(reader));
        return rows;
    }

    static DateTime? Time(NpgsqlDataReader row, int column) => row.IsDBNull(column) ? null : row.GetDateTime(column);
}
