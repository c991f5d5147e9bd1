-- Every job and every batch is gone with it.
DROP TABLE :schema.nodes, :schema.batches, :schema.jobs;
DROP FUNCTION :schema.is_final(:schema.job_state), :schema.clock();
DROP TYPE :schema.job_state;
