-- What jobs carried in these columns is gone with them, and so is every unique key.
DROP TABLE :schema.queue_settings, :schema.unique_keys;
DROP INDEX :schema.jobs_cancel_requested;
ALTER TABLE :schema.jobs
    DROP COLUMN cancel_requested_at,
    DROP COLUMN unique_key,
    DROP COLUMN tags,
    DROP COLUMN meta,
    DROP COLUMN progress,
    DROP COLUMN output;
