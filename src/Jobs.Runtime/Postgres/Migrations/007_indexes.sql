-- Not in a transaction. What the pruner walks along, and lists of the members of a batch. A build that was broken off leaves an index that is
-- not used, which goes first.
DROP INDEX CONCURRENTLY IF EXISTS :schema.jobs_finished;
DROP INDEX CONCURRENTLY IF EXISTS :schema.batches_closed;
DROP INDEX CONCURRENTLY IF EXISTS :schema.jobs_batch;

-- Serves PruneSql: the jobs of one state that ended first.
CREATE INDEX CONCURRENTLY jobs_finished ON :schema.jobs (state, finished_at, id)
    WHERE finished_at IS NOT NULL;

-- Serves PruneBatchesSql. Only the end of a batch writes to it; the counters' updates stay on their page.
CREATE INDEX CONCURRENTLY batches_closed ON :schema.batches (closed_at, key)
    WHERE closed_at IS NOT NULL;

-- Serves ListJobs and the changes by filter: the jobs of a batch, in the order of their ids. Jobs of none cost it nothing.
CREATE INDEX CONCURRENTLY jobs_batch ON :schema.jobs (batch, id)
    WHERE batch IS NOT NULL;
