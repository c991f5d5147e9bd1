-- == enqueue
WITH input AS MATERIALIZED (
    SELECT coalesce(t.given_id, nextval(':schema.job_ids')) AS id, t.*, coalesce(
        t.due_at, (:schema.clock() AT TIME ZONE 'UTC' + t.due_in) AT TIME ZONE 'UTC', :schema.clock()) AS due
    FROM unnest(
        $1::text[], $2::text[], $3::text[], $4::smallint[], $5::smallint[], $6::timestamptz[], $7::interval[], $9::text[], $10::text[],
        $11::uuid[], $12::bigint[])
        WITH ORDINALITY AS t (worker, queue, args, priority, max_attempts, due_at, due_in, tags, meta, unique_key, given_id, place)
), inserted AS (
    INSERT INTO :schema.jobs (id, batch, scheduled_at, state, max_attempts, priority, queue, worker, args, tags, meta, unique_key)
    SELECT
        id, $8, due, CAST(CASE WHEN due > :schema.clock() THEN 'scheduled' ELSE 'available' END AS :schema.job_state),
        max_attempts, priority, queue, worker, args::jsonb, tags::text[], meta::jsonb, unique_key
    FROM input
)
SELECT id
FROM input
ORDER BY place
-- == claim
WITH share AS MATERIALIZED (
    SELECT worker, count(*) AS size
    FROM (
        SELECT first.worker
        FROM unnest($2::text[]) AS known (worker)
        CROSS JOIN LATERAL (
            SELECT j.worker, j.priority, j.scheduled_at, j.id
            FROM :schema.jobs AS j
            WHERE j.state = 'available' AND j.crashes = 0 AND j.queue = $1 AND j.worker = known.worker
            ORDER BY j.priority, j.scheduled_at, j.id
            LIMIT $3
        ) AS first
        ORDER BY first.priority, first.scheduled_at, first.id
        LIMIT $3
    ) AS urgent
    WHERE (SELECT set_config('lock_timeout', '100ms', true)) IS NOT NULL
    GROUP BY worker
), taken AS MATERIALIZED (
    SELECT locked.id
    FROM share
    CROSS JOIN LATERAL (
        SELECT free.id
        FROM (
            SELECT j.id
            FROM :schema.jobs AS j
            WHERE j.state = 'available' AND j.crashes = 0 AND j.queue = $1 AND j.worker = share.worker
                AND j.xmax <> ALL (ARRAY(SELECT xip::xid FROM pg_snapshot_xip(pg_current_snapshot()) AS xip))
                AND age(j.xmax) NOT BETWEEN 0 AND (SELECT age(pg_snapshot_xmax(pg_current_snapshot())::xid))
            ORDER BY j.priority, j.scheduled_at, j.id
            LIMIT $3
            FOR NO KEY UPDATE SKIP LOCKED
        ) AS free
        LIMIT share.size
    ) AS locked
), claimed AS (
    UPDATE :schema.jobs AS j
    SET state = 'executing', run = j.run + 1, attempt = j.attempt + 1, attempted_at = :schema.clock(), node = $4
    WHERE j.id = ANY (ARRAY(SELECT id FROM taken))
    RETURNING
        j.id, j.run, j.queue, j.worker, j.args, j.args_bytes, j.attempt, j.max_attempts, j.tags, j.meta, j.batch, j.priority, j.scheduled_at
), batch AS MATERIALIZED (
    SELECT b.key, b.id, b.total, b.callback_worker, b.cancel_requested_at IS NOT NULL AS is_cancelled
    FROM :schema.batches AS b
    WHERE b.key IN (SELECT c.batch FROM claimed AS c)
), look AS MATERIALIZED (
    SELECT set_config('synchronous_commit', 'off', true) = 'off' AND EXISTS (
        SELECT
        FROM :schema.jobs AS j
        WHERE j.state = 'available' AND j.crashes > 0 AND j.crashes <= 32767 AND j.queue = $1 AND j.worker = ANY ($2)
    ) AS suspects_wait
)
SELECT
    look.suspects_wait, c.id, c.run, c.queue, c.worker, c.args, c.attempt, c.max_attempts, c.tags, c.meta,
    batch.id, batch.total, batch.callback_worker, batch.is_cancelled
FROM look
LEFT JOIN (
    SELECT
        id, run, queue, worker, attempt, max_attempts, tags, meta, batch, priority, scheduled_at,
        CASE
            WHEN args_bytes <= 1048576 AND sum(args_bytes) FILTER (WHERE args_bytes <= 1048576)
                OVER (ORDER BY priority, scheduled_at, id ROWS UNBOUNDED PRECEDING) <= 8388608
            THEN args
        END AS args
    FROM claimed
) AS c ON true
LEFT JOIN batch ON batch.key = c.batch
ORDER BY c.priority, c.scheduled_at, c.id
-- == acknowledge
WITH input AS MATERIALIZED (
    SELECT
        t.id, t.run, coalesce(t.node, ($3::uuid[])[1]) AS node, coalesce(t.state, CAST(($4::text[])[1] AS :schema.job_state)) AS state,
        coalesce(t.delay, ($5::interval[])[1]) AS delay, t.error, t.output, t.was_last_attempt, t.progress
    FROM unnest(
        (SELECT $1::bigint[]), (SELECT $2::bigint[]), (SELECT $3::uuid[]),
        (SELECT CAST($4::text[] AS :schema.job_state[])), (SELECT $5::interval[]), (SELECT $6::text[]), (SELECT $7::text[]),
        (SELECT $8::boolean[]), (SELECT $9::text[])) AS t (id, run, node, state, delay, error, output, was_last_attempt, progress)
    WHERE (SELECT CASE WHEN $10::text IS NULL OR current_setting('lock_timeout') <> '0' THEN '' ELSE set_config('lock_timeout', $10, true) END) IS NOT NULL
    UNION ALL
    SELECT NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL FROM generate_series(1, (SELECT 0))
    ORDER BY id
), moved AS (
    UPDATE :schema.jobs AS j
    SET
        state = CASE
            WHEN j.cancel_requested_at IS NOT NULL AND (input.state NOT IN ('completed', 'discarded') OR input.was_last_attempt)
            THEN 'cancelled' ELSE input.state
        END,
        node = NULL,
        attempt = CASE WHEN CASE
            WHEN j.cancel_requested_at IS NOT NULL AND (input.state NOT IN ('completed', 'discarded') OR input.was_last_attempt)
            THEN 'cancelled' ELSE input.state
        END IN ('scheduled', 'available') THEN j.attempt - 1 ELSE j.attempt END,
        scheduled_at = CASE WHEN CASE
            WHEN j.cancel_requested_at IS NOT NULL AND (input.state NOT IN ('completed', 'discarded') OR input.was_last_attempt)
            THEN 'cancelled' ELSE input.state
        END IN ('scheduled', 'retryable') THEN :schema.clock() + input.delay ELSE j.scheduled_at END,
        finished_at = CASE WHEN :schema.is_final(CASE
            WHEN j.cancel_requested_at IS NOT NULL AND (input.state NOT IN ('completed', 'discarded') OR input.was_last_attempt)
            THEN 'cancelled' ELSE input.state
        END) THEN :schema.clock() END,
        cancel_requested_at = NULL,
        attempted = CASE WHEN CASE
            WHEN j.cancel_requested_at IS NOT NULL AND (input.state NOT IN ('completed', 'discarded') OR input.was_last_attempt)
            THEN 'cancelled' ELSE input.state
        END = 'retryable' AND j.batch IS NOT NULL THEN true ELSE j.attempted END,
        output = CAST(input.output AS jsonb),
        progress = coalesce(CAST(input.progress AS jsonb), j.progress),
        errors = CASE WHEN input.error IS NULL THEN j.errors ELSE
            CASE WHEN jsonb_array_length(j.errors) >= 50 THEN j.errors - 0 ELSE coalesce(j.errors, '[]') END
            || jsonb_build_object('attempt', j.attempt, 'at', :schema.clock(), 'error', input.error) END
    FROM input
    WHERE j.id = input.id AND j.id = ANY (ARRAY(SELECT id FROM input)) AND j.run = input.run AND j.node IS NOT DISTINCT FROM input.node
    RETURNING
        j.id, j.batch, j.state, j.state <> input.state AS was_cancelled, (j.attempted IS TRUE OR j.state IN ('completed', 'cancelled', 'discarded')) AS attempted,
        j.batch IS NOT NULL AND j.run > 1 AND (SELECT found.attempted IS TRUE FROM :schema.jobs AS found WHERE found.id = j.id) AS was_attempted
), members AS (
    SELECT batch, CAST('executing' AS :schema.job_state) AS was, state, was_attempted, attempted
    FROM moved
), changes AS (
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
), delta AS MATERIALIZED (
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
        telling = :schema.batch_events(
            held.sealed_at IS NOT NULL OR delta.seals, held.total + delta.total, held.pending + delta.pending, held.unattempted + delta.unattempted,
            held.completed + delta.completed, held.cancelled + delta.cancelled, held.discarded + delta.discarded, delta.retryable) & ~held.told,
        told = :schema.batch_events(
            held.sealed_at IS NOT NULL OR delta.seals, held.total + delta.total, held.pending + delta.pending, held.unattempted + delta.unattempted,
            held.completed + delta.completed, held.cancelled + delta.cancelled, held.discarded + delta.discarded, delta.retryable) | held.told
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
SELECT
    (SELECT coalesce(array_agg(id), '{}') FROM moved),
    (SELECT coalesce(array_agg(id), '{}') FROM moved WHERE was_cancelled),
    (SELECT coalesce(array_agg(id), '{}') FROM counted WHERE closed_at IS NOT NULL),
    (SELECT coalesce(array_agg(DISTINCT queue), '{}') FROM told),
    (SELECT coalesce(array_agg(key), '{}') FROM counted WHERE closed_at IS NOT NULL AND parent IS NOT NULL),
    CASE WHEN (SELECT count(*) FROM pushed) >= 0 THEN
        (SELECT coalesce(array_agg(DISTINCT id), '{}') FROM telling WHERE NOT EXISTS (SELECT FROM told WHERE callback_of = key AND callback = status))
    END
