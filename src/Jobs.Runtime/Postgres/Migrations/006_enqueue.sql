-- What a job carries is bounded, whoever inserts it: a claim brings it for every job it takes, and one that cannot be read would fail its
-- neighbours. Not validated: no row had any of it before.
ALTER TABLE :schema.jobs
    ADD CHECK (array_ndims(tags) = 1 AND cardinality(tags) <= 50 AND length(array_to_string(tags, '')) <= 5000) NOT VALID,
    ADD CHECK (octet_length(meta::text) <= 65536) NOT VALID;
