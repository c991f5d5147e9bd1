-- How large the args of a job are as text, as they are read: jsonb keeps the number 1e131071 in 12 bytes, and gives back 131,072.
-- Whoever inserts a job pays for the conversion, once, so that a claim need not convert what is too large. Writes the table anew.
ALTER TABLE :schema.jobs
    ADD COLUMN args_bytes integer NOT NULL GENERATED ALWAYS AS (octet_length(args::text)) STORED;
