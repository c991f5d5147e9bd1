-- What the pruner walks along: jobs and batches in the order in which they ended.

-- Serves PruneSql: the jobs of one state that ended first. Costs a completion one entry, which jobs that end together share a page for.
CREATE INDEX jobs_finished ON :schema.jobs (state, finished_at, id)
    WHERE finished_at IS NOT NULL;

-- Serves PruneBatchesSql. Only the end of a batch writes to it; the counters' updates stay on their page.
CREATE INDEX batches_closed ON :schema.batches (closed_at, key)
    WHERE closed_at IS NOT NULL;
