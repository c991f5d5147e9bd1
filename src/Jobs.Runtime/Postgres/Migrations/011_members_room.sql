-- A member has two entries here, of when it was enqueued and of when it ended, until pages are cleaned up: a leaf has room for both. It holds for pages that
-- are written from now on.
ALTER INDEX :schema.jobs_members SET (fillfactor = 45);
