ALTER INDEX :schema.jobs_pkey RESET (fillfactor);
ALTER TABLE :schema.jobs RESET (fillfactor);
