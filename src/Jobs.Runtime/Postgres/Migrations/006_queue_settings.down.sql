ALTER TABLE :schema.nodes
    DROP COLUMN concurrency;

ALTER TABLE :schema.queue_settings
    DROP COLUMN state_set_at,
    DROP COLUMN concurrency_set_at,
    DROP COLUMN seen_at,
    ADD COLUMN updated_at timestamptz NOT NULL DEFAULT :schema.clock();
