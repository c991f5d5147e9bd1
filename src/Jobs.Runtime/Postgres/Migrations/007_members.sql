-- Serves ListJobs and the changes by filter: the jobs of a batch, in the order of their ids. Jobs of none cost it nothing.
CREATE INDEX jobs_batch ON :schema.jobs (batch, id)
    WHERE batch IS NOT NULL;
