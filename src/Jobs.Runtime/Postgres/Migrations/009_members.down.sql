-- Not in a transaction.
DROP INDEX CONCURRENTLY IF EXISTS :schema.jobs_batch;

CREATE INDEX CONCURRENTLY jobs_batch ON :schema.jobs (batch, id)
    WHERE batch IS NOT NULL;

DROP INDEX CONCURRENTLY IF EXISTS :schema.jobs_members;
