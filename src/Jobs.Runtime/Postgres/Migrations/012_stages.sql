-- Not in a transaction. The members of a batch that wait, and those that have ended, in an index each: one that ends goes to the end of an index, where
-- its neighbours go, and not into the middle of one that has them all, page after page. A build that was broken off leaves an index that is not used,
-- which goes first.
DROP INDEX CONCURRENTLY IF EXISTS :schema.jobs_members_waiting;
DROP INDEX CONCURRENTLY IF EXISTS :schema.jobs_members_ended;

-- Both serve lists of the members and the changes by filter, in the order of their ids; those that execute are few, and in an index of their own. Jobs of no
-- batch cost them nothing.
CREATE INDEX CONCURRENTLY jobs_members_waiting ON :schema.jobs (batch, id)
    WHERE batch IS NOT NULL AND state IN ('scheduled', 'available', 'retryable');

CREATE INDEX CONCURRENTLY jobs_members_ended ON :schema.jobs (batch, id)
    WHERE batch IS NOT NULL AND state IN ('completed', 'cancelled', 'discarded');

DROP INDEX CONCURRENTLY IF EXISTS :schema.jobs_members;
