-- What a job carries besides its args, keys that make jobs one, and what is said of queues at run time.

-- All of them are null in most rows, and cost those nothing.
ALTER TABLE :schema.jobs
    ADD COLUMN cancel_requested_at timestamptz,      -- a job that executes is to be cancelled; its node fires its token
    ADD COLUMN unique_key uuid,                      -- unique_keys.key, if the job took one
    ADD COLUMN tags text[],
    ADD COLUMN meta jsonb,                           -- {"trace": "…"}: what the caller wants to know of the job later
    ADD COLUMN progress jsonb,                       -- {"done": 10, "total": 200, "note": "…"}, as the job last told
    ADD COLUMN output jsonb,                         -- what a completed job returned
    ADD CHECK (jsonb_typeof(meta) = 'object');

-- Serves PollSql: the jobs of a node that are to be cancelled. Mostly empty.
CREATE INDEX jobs_cancel_requested ON :schema.jobs (node)
    WHERE state = 'executing' AND cancel_requested_at IS NOT NULL;

-- Who holds a key. A row outlives its job: whether the key is still held is decided when another job wants it, so that no
-- change of a job's state can meet a conflict.
CREATE TABLE :schema.unique_keys (
    key        uuid PRIMARY KEY,                     -- a hash of worker, queue, batch and args, or of the caller's own key
    job_id     bigint NOT NULL,
    expires_at timestamptz NOT NULL,                 -- 'infinity': for as long as the job is retained
    held_in    :schema.job_state[] NOT NULL          -- the states of the job in which the key is held
);

-- What was said of queues at run time. A setting that is null is the host's own.
CREATE TABLE :schema.queue_settings (
    queue       text NOT NULL,
    node        text NOT NULL DEFAULT '',            -- nodes.name, or empty for every node; that of a node goes first
    updated_at  timestamptz NOT NULL DEFAULT :schema.clock(),
    state       text,
    concurrency integer,

    PRIMARY KEY (queue, node),
    CHECK (state IN ('running', 'paused', 'stopped')),
    CHECK (concurrency BETWEEN 1 AND 10000)
);
