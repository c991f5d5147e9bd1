-- Not in a transaction.
DROP INDEX CONCURRENTLY IF EXISTS :schema.jobs_batch;
DROP INDEX CONCURRENTLY IF EXISTS :schema.batches_closed;
DROP INDEX CONCURRENTLY IF EXISTS :schema.jobs_finished;
