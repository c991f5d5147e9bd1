-- Jobs, the nodes that run them, and the batches that group them.
-- Applied once, in one transaction. Append-only: a change is a new file with the next number.

CREATE TYPE :schema.job_state AS ENUM (
    'scheduled', 'available', 'executing', 'retryable', 'completed', 'cancelled', 'discarded');

-- Stands for now() in every statement, so that a test can move the clock.
CREATE FUNCTION :schema.clock() RETURNS timestamptz
LANGUAGE sql STABLE PARALLEL SAFE
AS $$ SELECT now() $$;

-- The states a job does not leave by itself.
CREATE FUNCTION :schema.is_final(state :schema.job_state) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE
AS $$ SELECT state IN ('completed', 'cancelled', 'discarded') $$;

CREATE SEQUENCE :schema.job_ids;

-- Columns stand by size, widest first, so that a row has no padding.
CREATE TABLE :schema.jobs (
    id           bigint PRIMARY KEY DEFAULT nextval(':schema.job_ids'),
    run          bigint NOT NULL DEFAULT 0,        -- all starts; the fence; never falls
    batch        bigint,                           -- batches.key; no foreign key, for it would lock the batch's row
    callback_of  bigint,                           -- batches.key of the batch whose callback this job is
    inserted_at  timestamptz NOT NULL DEFAULT :schema.clock(),
    scheduled_at timestamptz NOT NULL DEFAULT :schema.clock(),
    attempted_at timestamptz,
    finished_at  timestamptz,
    node         uuid,                             -- who executes it
    state        :schema.job_state NOT NULL DEFAULT 'available',
    attempt      smallint NOT NULL DEFAULT 0,      -- starts that count: snooze, rescue and shutdown give theirs back
    max_attempts smallint NOT NULL DEFAULT 20,
    crashes      smallint NOT NULL DEFAULT 0,      -- deaths of a node that held it
    priority     smallint NOT NULL DEFAULT 0,
    queue        text NOT NULL DEFAULT 'default',
    worker       text NOT NULL,
    callback     text,                             -- the callback's kind
    args         jsonb NOT NULL DEFAULT '{}',
    errors       jsonb,                            -- [{"attempt": 1, "at": "…", "error": "…"}, …], the newest 50

    CHECK (priority BETWEEN 0 AND 9),
    CHECK (max_attempts BETWEEN 1 AND 1000),
    CHECK (attempt >= 0),
    CHECK (jsonb_typeof(errors) = 'array'),
    CHECK (length(queue) BETWEEN 1 AND 200),
    CHECK (length(worker) BETWEEN 1 AND 500),
    CHECK ((state = 'executing') = (node IS NOT NULL)),
    CHECK ((state IN ('completed', 'cancelled', 'discarded')) = (finished_at IS NOT NULL)),
    CHECK ((callback_of IS NULL) = (callback IS NULL))
);

ALTER SEQUENCE :schema.job_ids OWNED BY :schema.jobs.id;

-- Serves ClaimSql: the first jobs of one queue and worker. Also UnknownWorkersSql.
CREATE INDEX jobs_available ON :schema.jobs (queue, worker, priority, scheduled_at, id)
    WHERE state = 'available';

-- Serves StageSql: what is due.
CREATE INDEX jobs_waiting ON :schema.jobs (scheduled_at, id)
    WHERE state IN ('scheduled', 'retryable');

-- Serves RescueSql: what runs, and where.
CREATE INDEX jobs_executing ON :schema.jobs (node, id)
    WHERE state = 'executing';

-- Serves BatchStatusSql: the members that wait for another attempt.
CREATE INDEX jobs_batch_retryable ON :schema.jobs (batch)
    WHERE batch IS NOT NULL AND state = 'retryable';

-- One callback per batch and kind. The counters in batches see to that; this is the tripwire behind them.
CREATE UNIQUE INDEX jobs_callback ON :schema.jobs (callback_of, callback)
    WHERE callback_of IS NOT NULL;

-- Counters are kept, not counted, by the statement that changes a member's state.
CREATE TABLE :schema.batches (
    key          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    inserted_at  timestamptz NOT NULL DEFAULT :schema.clock(),
    sealed_at    timestamptz,                      -- no more jobs come
    closed_at    timestamptz,                      -- every job has ended
    total        integer NOT NULL DEFAULT 0,
    pending      integer NOT NULL DEFAULT 1,       -- jobs that have not ended, and one for the hold of an unsealed batch
    completed    integer NOT NULL DEFAULT 0,
    cancelled    integer NOT NULL DEFAULT 0,
    discarded    integer NOT NULL DEFAULT 0,
    callback_max_attempts smallint,
    callback_priority     smallint,
    id           text COLLATE "C" NOT NULL UNIQUE, -- the caller's
    callback_worker       text,                    -- whom to tell at the end
    callback_queue        text,

    CHECK (pending >= 0),
    CHECK (pending = total - completed - cancelled - discarded + CASE WHEN sealed_at IS NULL THEN 1 ELSE 0 END),
    CHECK ((closed_at IS NOT NULL) = (pending = 0)),
    CHECK (length(id) BETWEEN 1 AND 200)
) WITH (fillfactor = 50);                          -- a counter's update stays on its page and touches no index

-- Who runs jobs. A row that is missing, or past its time, means dead.
CREATE TABLE :schema.nodes (
    id         uuid PRIMARY KEY,                   -- fresh at each start of a process
    started_at timestamptz NOT NULL DEFAULT :schema.clock(),
    expires_at timestamptz NOT NULL,
    name       text NOT NULL,                      -- host and process, for people
    queues     text[] NOT NULL,
    workers    text[] NOT NULL
) WITH (fillfactor = 50);
