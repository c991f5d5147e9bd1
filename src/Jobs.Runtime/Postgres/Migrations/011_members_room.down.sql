ALTER INDEX :schema.jobs_members RESET (fillfactor);

-- The version before asks the row of a member that has ended, too, whether it was attempted.
UPDATE :schema.jobs
SET attempted = true
WHERE batch IS NOT NULL AND state IN ('completed', 'cancelled', 'discarded') AND attempted IS NULL;
