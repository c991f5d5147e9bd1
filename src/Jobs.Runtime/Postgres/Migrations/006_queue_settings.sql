-- The last word on a queue counts, whatever it was said of: one queue or all, one node or all.

-- In queue and node alike the empty text stands for all.
ALTER TABLE :schema.queue_settings
    DROP COLUMN updated_at,
    ADD COLUMN state_set_at timestamptz,             -- null: nothing was said of the state
    ADD COLUMN concurrency_set_at timestamptz,       -- null: nothing was said; with a null concurrency: the host's own
    ADD COLUMN seen_at timestamptz NOT NULL DEFAULT :schema.clock(),   -- when a node of this name was last seen
    ADD CHECK ((state IS NULL) = (state_set_at IS NULL)),
    ADD CHECK (concurrency IS NULL OR concurrency_set_at IS NOT NULL);

-- How many jobs of each of its queues a node runs at once, if nothing else is said.
ALTER TABLE :schema.nodes
    ADD COLUMN concurrency integer[] NOT NULL DEFAULT '{}';
