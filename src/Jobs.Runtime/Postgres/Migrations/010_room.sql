-- A job is written three times: when it is enqueued, claimed, and acknowledged. With room for it on its page, a new version costs a quarter less WAL and
-- no other page, and finds the place of the one before the last: in the end the table is smaller. Its id has an entry for each version, until the pages
-- are cleaned up, so that a leaf of the index has room for all three. Both hold for pages that are written from now on.
ALTER TABLE :schema.jobs SET (fillfactor = 50);
ALTER INDEX :schema.jobs_pkey SET (fillfactor = 33);

-- Acknowledgements look for earlier attempts of a member from its second run on, and one that was cancelled before its first has been attempted.
UPDATE :schema.jobs
SET run = 1
WHERE
    batch = ANY (ARRAY(SELECT key FROM :schema.batches WHERE closed_at IS NULL))
    AND run = 0 AND attempted AND state IN ('available', 'scheduled', 'retryable');
