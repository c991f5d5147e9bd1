ALTER TABLE :schema.jobs
    DROP CONSTRAINT jobs_tags_check,
    DROP CONSTRAINT jobs_meta_check1;

DROP FUNCTION :schema.holds(bigint, timestamptz, :schema.job_state[]);
