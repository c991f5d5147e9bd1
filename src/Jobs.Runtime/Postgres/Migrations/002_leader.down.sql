DROP INDEX :schema.jobs_suspect;
DROP INDEX :schema.jobs_available;
CREATE INDEX jobs_available ON :schema.jobs (queue, worker, priority, scheduled_at, id)
    WHERE state = 'available';
DROP TABLE :schema.leader;
