-- Batches to their full extent: callbacks of every kind, batches that stay open for a while, batches in batches, and the cancel of a batch.

ALTER TABLE :schema.jobs
    ADD COLUMN attempted boolean;                    -- a member that its batch has counted as attempted; null before, and in jobs of none

ALTER TABLE :schema.batches
    ADD COLUMN parent bigint,                        -- batches.key of the batch whose member it is
    ADD COLUMN counted_at timestamptz,               -- when the parent counted its end
    ADD COLUMN cancel_requested_at timestamptz,      -- its members are to be cancelled
    ADD COLUMN swept_at timestamptz,                 -- and have been, or were told to end
    ADD COLUMN expires_at timestamptz,               -- when an open batch is taken for one whose builder has died
    ADD COLUMN changed_at timestamptz NOT NULL DEFAULT :schema.clock(),
    ADD COLUMN checked_at timestamptz,               -- when its counters were last compared with the rows
    ADD COLUMN watched_until timestamptz,            -- somebody listens for its progress, and is told of it
    ADD COLUMN open_for interval,                    -- how long it stays open after each addition
    ADD COLUMN metadata jsonb,                       -- the caller's, for the callbacks
    ADD COLUMN unattempted integer NOT NULL DEFAULT 0,
    ADD COLUMN told smallint NOT NULL DEFAULT 0,     -- the kinds of callbacks whose condition has held, in bits: see batch_callbacks
    ADD COLUMN telling smallint NOT NULL DEFAULT 0,  -- those of them whose condition held first with the last change
    ADD COLUMN is_cancelled_on_expiry boolean NOT NULL DEFAULT false,
    ADD COLUMN is_callback_named boolean NOT NULL DEFAULT false;

-- Who is told besides batches.callback_worker, which is told of the end.
CREATE TABLE :schema.batch_callbacks (
    batch        bigint NOT NULL,                    -- batches.key
    kind         smallint NOT NULL,                  -- 1 complete, 2 succeeded, 4 attempted, 8 discarded, 16 cancelled, 32 retryable
    max_attempts smallint NOT NULL,
    priority     smallint NOT NULL,
    is_named     boolean NOT NULL,                   -- by the caller, and not found among the members
    worker       text NOT NULL,
    queue        text NOT NULL,

    PRIMARY KEY (batch, kind),
    CHECK (kind IN (2, 4, 8, 16, 32))
);

-- The kinds of callbacks whose conditions hold. An end tells that all were attempted too, whoever counted them.
CREATE FUNCTION :schema.batch_events(
    is_sealed boolean, total integer, pending integer, unattempted integer, completed integer, cancelled integer, discarded integer, retryable boolean)
RETURNS smallint
LANGUAGE sql IMMUTABLE PARALLEL SAFE
AS $$
    SELECT (
        CASE WHEN pending = 0 THEN 1 ELSE 0 END
        | CASE WHEN pending = 0 AND completed = total THEN 2 ELSE 0 END
        | CASE WHEN is_sealed AND (unattempted <= 0 OR pending = 0) THEN 4 ELSE 0 END
        | CASE WHEN discarded > 0 THEN 8 ELSE 0 END
        | CASE WHEN cancelled > 0 THEN 16 ELSE 0 END
        | CASE WHEN retryable THEN 32 ELSE 0 END)::smallint
$$;

-- Members that have not ended are not attempted yet, as far as anybody knows.
UPDATE :schema.batches
SET unattempted = pending - CASE WHEN sealed_at IS NULL THEN 1 ELSE 0 END
WHERE closed_at IS NULL;

-- Serve FindBatchWorkSql. All are mostly empty.
CREATE INDEX batches_cancelled ON :schema.batches (key) WHERE cancel_requested_at IS NOT NULL AND swept_at IS NULL;
CREATE INDEX batches_uncounted ON :schema.batches (key) WHERE parent IS NOT NULL AND closed_at IS NOT NULL AND counted_at IS NULL;
CREATE INDEX batches_open ON :schema.batches (expires_at) WHERE sealed_at IS NULL;

-- Serves the cancel of a batch: those in it.
CREATE INDEX batches_parent ON :schema.batches (parent) WHERE parent IS NOT NULL;
