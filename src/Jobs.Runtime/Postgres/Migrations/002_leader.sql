-- Who leads, and jobs that a node died with, which are claimed alone.

-- The node that stages, rescues and reports for all. One row, or none before the first election.
CREATE TABLE :schema.leader (
    expires_at timestamptz NOT NULL,
    elected_at timestamptz NOT NULL,
    node       uuid NOT NULL,
    only_one   boolean PRIMARY KEY DEFAULT true CHECK (only_one)
) WITH (fillfactor = 50);

-- Serves ClaimSql: the first jobs of one queue and worker. Also StrandedSql.
DROP INDEX :schema.jobs_available;
CREATE INDEX jobs_available ON :schema.jobs (queue, worker, priority, scheduled_at, id)
    WHERE state = 'available' AND crashes = 0;

-- Serves ClaimSuspectSql, and the look of ClaimSql whether there is one. Mostly empty.
CREATE INDEX jobs_suspect ON :schema.jobs (crashes, priority, scheduled_at, id)
    WHERE state = 'available' AND crashes > 0;
