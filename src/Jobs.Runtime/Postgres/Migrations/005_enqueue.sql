-- What a job carries is bounded, whoever inserts it: a claim brings it for every job it takes, and one that cannot be read would fail its
-- neighbours. Not validated: no row had any of it before.
ALTER TABLE :schema.jobs
    ADD CHECK (array_ndims(tags) = 1 AND cardinality(tags) <= 50 AND length(array_to_string(tags, '')) <= 5000) NOT VALID,
    ADD CHECK (octet_length(meta::text) <= 65536) NOT VALID;

-- Whether a key is held: its job stands in a state that holds it, or is gone, and nobody can tell any more that it did not end well.
-- VOLATILE, so that it looks with a snapshot of its own: whoever waited for the key has to see the job of the one who had it before, which
-- the snapshot of his own statement does not show.
CREATE FUNCTION :schema.holds(job_id bigint, expires_at timestamptz, held_in :schema.job_state[]) RETURNS boolean
LANGUAGE plpgsql VOLATILE
AS $$
DECLARE
    present :schema.job_state;
BEGIN
    IF expires_at <= :schema.clock() THEN
        RETURN false;
    END IF;
    SELECT j.state INTO present FROM :schema.jobs AS j WHERE j.id = job_id;
    RETURN CASE WHEN FOUND THEN present = ANY (held_in) ELSE isfinite(expires_at) AND 'completed' = ANY (held_in) END;
END
$$;
