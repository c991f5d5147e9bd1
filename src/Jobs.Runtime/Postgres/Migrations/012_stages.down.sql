-- Not in a transaction.
DROP INDEX CONCURRENTLY IF EXISTS :schema.jobs_members;

CREATE INDEX CONCURRENTLY jobs_members ON :schema.jobs (batch, id) WITH (fillfactor = 45)
    WHERE batch IS NOT NULL AND state <> 'executing';

DROP INDEX CONCURRENTLY IF EXISTS :schema.jobs_members_waiting;
DROP INDEX CONCURRENTLY IF EXISTS :schema.jobs_members_ended;
