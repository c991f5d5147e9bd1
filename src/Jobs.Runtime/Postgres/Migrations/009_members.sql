-- Not in a transaction. The members of a batch without those that execute, which are few and have an index of their own: so a claim writes to one index less.
DROP INDEX CONCURRENTLY IF EXISTS :schema.jobs_members;

-- Serves ListMembers and the changes by filter: the jobs of a batch, in the order of their ids. Jobs of none cost it nothing.
CREATE INDEX CONCURRENTLY jobs_members ON :schema.jobs (batch, id)
    WHERE batch IS NOT NULL AND state <> 'executing';

DROP INDEX CONCURRENTLY IF EXISTS :schema.jobs_batch;
