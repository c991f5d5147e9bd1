ALTER TABLE :schema.jobs
    DROP COLUMN args_bytes;
