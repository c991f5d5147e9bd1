using Microsoft.Extensions.Logging;
using Npgsql;

namespace Jobs.Postgres;

/// <remarks>
/// <para>
/// The end of every statement that changes how many members of a batch have ended: acknowledgements, rescues, changes by hand, seals.
/// </para>
/// <para>
/// Lock order, everywhere: jobs by id, unique keys, batches by key, callbacks. Nothing here decides on the statement's snapshot: "held" waits for
/// whoever changes the batch, and has the row's latest version, so of two last acknowledgements exactly one sees pending reach zero. "counted"
/// computes on that one too: an UPDATE begins with the snapshot's version, and checks the constraints on what it makes of it, where members that
/// were retried since are not counted yet.
/// </para>
/// </remarks>
sealed partial class PostgresStore
{
    // Whether its batch has counted the member "j" as attempted. One that has ended has been, and its row says so only from when it goes back: what
    // most members do once costs no bytes.
    const string IsAttempted = "(j.attempted IS TRUE OR j.state IN ('completed', 'cancelled', 'discarded'))";

    // What members that moved change in their batches. Wants a CTE "members" with (batch, was, state, was_attempted, attempted), of which "was" is
    // the state before. The final states are written out: is_final of a constant would be a statement of its own when this one is planned. A
    // member that fails for the second time and on changes nothing, unless it is the first of its batch to fail: that is
    // asked of the snapshot, which can only be behind, and then the tail asks again.
    internal const string OfMembers = """
        SELECT
                batch, 0 AS total, (was IN ('completed', 'cancelled', 'discarded'))::integer - (state IN ('completed', 'cancelled', 'discarded'))::integer AS pending,
                was_attempted::integer - attempted::integer AS unattempted,
                (state = 'completed')::integer - (was = 'completed')::integer AS completed,
                (state = 'cancelled')::integer - (was = 'cancelled')::integer AS cancelled,
                (state = 'discarded')::integer - (was = 'discarded')::integer AS discarded,
                state = 'retryable' AS retryable, false AS seals
            FROM members
            WHERE
                batch IS NOT NULL AND (
                    was_attempted <> attempted OR (was IN ('completed', 'cancelled', 'discarded')) <> (state IN ('completed', 'cancelled', 'discarded'))
                    OR state = 'retryable' AND EXISTS (SELECT FROM :schema.batches AS b WHERE b.key = batch AND b.told & 32 = 0))
        """;

    internal const string MemberChanges = $"""
        changes AS (
            {OfMembers}
        )
        """;

    // Wants a CTE "changes" with (batch, total, pending, unattempted, completed, cancelled, discarded, retryable, seals), and leaves "counted" (the
    // batches as they are now), "telling" (the callbacks that are due) and "told" (those it enqueued, which is all of them unless the tripwire acts). A
    // kind of callback is told once: "told" has its bit from then on, whether anybody listened or not. Whoever watches a batch is notified of its
    // end, and of the first change in each second: all commits with a notification wait for one lock.
    const string Events = """
        :schema.batch_events(
                    held.sealed_at IS NOT NULL OR delta.seals, held.total + delta.total, held.pending + delta.pending, held.unattempted + delta.unattempted,
                    held.completed + delta.completed, held.cancelled + delta.cancelled, held.discarded + delta.discarded, delta.retryable)
        """;

    internal const string BatchTail = $$"""
        delta AS MATERIALIZED (
            SELECT
                batch, sum(total)::integer AS total, sum(pending)::integer AS pending, sum(unattempted)::integer AS unattempted,
                sum(completed)::integer AS completed, sum(cancelled)::integer AS cancelled, sum(discarded)::integer AS discarded,
                bool_or(retryable) AS retryable, bool_or(seals) AS seals
            FROM changes
            WHERE batch IS NOT NULL
            GROUP BY batch
        ), held AS MATERIALIZED (
            SELECT b.key, b.sealed_at, b.total, b.pending, b.unattempted, b.completed, b.cancelled, b.discarded, b.told, b.changed_at
            FROM :schema.batches AS b
            JOIN delta ON delta.batch = b.key
            WHERE b.closed_at IS NULL
            ORDER BY b.key
            FOR NO KEY UPDATE OF b
        ), counted AS (
            UPDATE :schema.batches AS b
            SET
                total = held.total + delta.total,
                pending = held.pending + delta.pending,
                unattempted = held.unattempted + delta.unattempted,
                completed = held.completed + delta.completed,
                cancelled = held.cancelled + delta.cancelled,
                discarded = held.discarded + delta.discarded,
                sealed_at = CASE WHEN delta.seals THEN :schema.clock() ELSE held.sealed_at END,
                closed_at = CASE WHEN held.pending + delta.pending = 0 THEN :schema.clock() END,
                changed_at = :schema.clock(),
                telling = {{Events}} & ~held.told,
                told = {{Events}} | held.told
            FROM delta
            JOIN held ON held.key = delta.batch
            WHERE b.key = delta.batch
            RETURNING b.*
        ), telling AS MATERIALIZED (
            SELECT
                listener.worker, listener.queue, listener.priority, listener.max_attempts, b.key, kind.bit, kind.status, b.id,
                jsonb_build_object(
                    'status', kind.status, 'batch_id', b.id, 'total', b.total,
                    'completed', b.completed, 'cancelled', b.cancelled, 'discarded', b.discarded,
                    'pending', b.pending - CASE WHEN b.sealed_at IS NULL THEN 1 ELSE 0 END,
                    'inserted_at', b.inserted_at, 'occurred_at', :schema.clock(), 'metadata', b.metadata) AS args
            FROM counted AS b
            CROSS JOIN LATERAL (
                SELECT 1 AS kind, b.callback_worker AS worker, b.callback_queue AS queue, b.callback_priority AS priority, b.callback_max_attempts AS max_attempts
                WHERE b.callback_worker IS NOT NULL
                UNION ALL
                SELECT c.kind, c.worker, c.queue, c.priority, c.max_attempts
                FROM :schema.batch_callbacks AS c
                WHERE c.batch = b.key
            ) AS listener
            JOIN (VALUES (1, 'complete'), (2, 'succeeded'), (4, 'attempted'), (8, 'discarded'), (16, 'cancelled'), (32, 'retryable'))
                AS kind (bit, status) ON kind.bit = listener.kind
            WHERE b.telling & kind.bit <> 0
        ), told AS (
            INSERT INTO :schema.jobs (worker, queue, priority, max_attempts, callback_of, callback, args)
            SELECT worker, queue, priority, max_attempts, key, status, args
            FROM telling
            ORDER BY key, bit
            ON CONFLICT (callback_of, callback) WHERE callback_of IS NOT NULL DO NOTHING
            RETURNING queue, callback_of, callback
        ), pushed AS MATERIALIZED (
            SELECT pg_notify(trim('"' FROM ':schema') || '_batch', counted.id)
            FROM counted
            JOIN held ON held.key = counted.key
            WHERE
                counted.watched_until > counted.changed_at
                AND (counted.closed_at IS NOT NULL OR date_trunc('second', held.changed_at) < date_trunc('second', counted.changed_at))
        )
        """;

    // The ids of the batches of which something was to be told that had been told. Each statement asks for them, and so for its notifications: a
    // SELECT that nobody asks for sends none.
    internal const string Doubles = """
        CASE WHEN (SELECT count(*) FROM pushed) >= 0 THEN
                (SELECT coalesce(array_agg(DISTINCT id), '{}') FROM telling WHERE NOT EXISTS (SELECT FROM told WHERE callback_of = key AND callback = status))
            END
        """;

    // What a tail did: the ids of the batches that it closed, the queues in which it enqueued callbacks, the keys of those closed ones that are
    // members of others, and what the tripwire kept back.
    internal const string Told = $$"""
        (SELECT coalesce(array_agg(id), '{}') FROM counted WHERE closed_at IS NOT NULL),
            (SELECT coalesce(array_agg(DISTINCT queue), '{}') FROM told),
            (SELECT coalesce(array_agg(key), '{}') FROM counted WHERE closed_at IS NOT NULL AND parent IS NOT NULL),
            {{Doubles}}
        """;

    // The same of a statement that has no tail, since it concerns no batch.
    internal const string NothingTold = "'{}'::text[], '{}'::text[], '{}'::bigint[], '{}'::text[]";

    /// <summary>What the tail of a statement did.</summary>
    /// <param name="Closed">The ids of the batches that it closed.</param>
    /// <param name="Queues">The queues in which it enqueued callbacks.</param>
    /// <param name="ClosedChildren">The keys of those that it closed and that are members of other batches.</param>
    /// <param name="Doubles">The ids of the batches of which something was to be told that had been told, and was not.</param>
    internal readonly record struct TailResult(IReadOnlyList<string> Closed, IReadOnlyList<string> Queues, IReadOnlyList<long> ClosedChildren, IReadOnlyList<string> Doubles);

    static TailResult ReadTail(NpgsqlDataReader reader, int first) => new(
        reader.GetFieldValue<string[]>(first), reader.GetFieldValue<string[]>(first + 1), reader.GetFieldValue<long[]>(first + 2), reader.GetFieldValue<string[]>(first + 3));

    async Task<TailResult> ReadTailAsync(NpgsqlDataReader reader, CancellationToken cancellationToken)
    {
        await reader.ReadAsync(cancellationToken).ConfigureAwait(false);
        var tail = ReadTail(reader, 0);
        Warn(tail.Doubles);
        return tail;
    }

    /// <summary>Says that the tripwire acted. By the bits of "told" it never has anything to do.</summary>
    void Warn(IReadOnlyList<string> doubles)
    {
        if (doubles.Count > 0 && _logger is not null)
            Log.CallbacksDoubled(_logger, string.Join(", ", doubles));
    }
}
