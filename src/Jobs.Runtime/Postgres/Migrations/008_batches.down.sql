-- Callbacks other than that of the end are gone with it, and so is what batches in batches are to their parents.
DROP INDEX :schema.batches_parent, :schema.batches_open, :schema.batches_uncounted, :schema.batches_cancelled;
DROP FUNCTION :schema.batch_events(boolean, integer, integer, integer, integer, integer, integer, boolean);
DROP TABLE :schema.batch_callbacks;
ALTER TABLE :schema.batches
    DROP COLUMN parent,
    DROP COLUMN counted_at,
    DROP COLUMN cancel_requested_at,
    DROP COLUMN swept_at,
    DROP COLUMN expires_at,
    DROP COLUMN changed_at,
    DROP COLUMN checked_at,
    DROP COLUMN watched_until,
    DROP COLUMN open_for,
    DROP COLUMN metadata,
    DROP COLUMN unattempted,
    DROP COLUMN told,
    DROP COLUMN telling,
    DROP COLUMN is_cancelled_on_expiry,
    DROP COLUMN is_callback_named;
ALTER TABLE :schema.jobs
    DROP COLUMN attempted;
