using Npgsql;

namespace Jobs.Runtime.Tests.Cost;

/// <summary>A hundred thousand jobs of a queue and a worker, and a million each, all ahead of them, of another worker, of another queue, and finished.</summary>
public sealed class MillionJobs : IAsyncLifetime
{
    public const string Queue = "tests";
    public const string Worker = "greeter";

    /// <summary>One that lives.</summary>
    public static readonly Guid Node = Guid.NewGuid();

    internal CountedDatabase Database { get; private set; } = null!;

    // The indexes are built after the rows, which is several times as fast. The planner is told nothing yet.
    public async ValueTask InitializeAsync()
    {
        Database = await CountedDatabase.CreateAsync();
        await ExecuteAsync($"""
            CREATE TEMP TABLE definitions AS
            SELECT indexname AS name, indexdef AS definition
            FROM pg_indexes
            WHERE schemaname = 'jobs' AND tablename = 'jobs' AND indexname <> 'jobs_pkey';
            DO $$ DECLARE index record; BEGIN
                FOR index IN SELECT name FROM definitions LOOP EXECUTE 'DROP INDEX jobs.' || index.name; END LOOP;
            END $$;

            INSERT INTO jobs.jobs (queue, worker, args, scheduled_at, state, finished_at)
            SELECT kind.queue, kind.worker, jsonb_build_object('text', i::text), now() - interval '1 hour', kind.state::jobs.job_state,
                CASE WHEN kind.state = 'completed' THEN now() END
            FROM (VALUES ('{Queue}', 'stranger', 'available'), ('elsewhere', '{Worker}', 'available'), ('{Queue}', '{Worker}', 'completed')) AS kind (queue, worker, state)
            CROSS JOIN generate_series(1, 1000000) AS i;
            INSERT INTO jobs.jobs (queue, worker, args) SELECT '{Queue}', '{Worker}', jsonb_build_object('text', i::text) FROM generate_series(1, 100000) AS i;

            DO $$ DECLARE index record; BEGIN
                FOR index IN SELECT definition FROM definitions LOOP EXECUTE index.definition; END LOOP;
            END $$;

            INSERT INTO jobs.nodes (id, name, queues, workers, expires_at)
            VALUES ('{Node}', 'node', ARRAY['{Queue}', 'elsewhere'], ARRAY['{Worker}', 'stranger'], now() + interval '1 hour');
            """);
    }

    public Task ExecuteAsync(string sql) => Database.ExecuteAsync(sql);

    public Task<NpgsqlConnection> OpenAsync() => Database.OpenAsync();

    public ValueTask DisposeAsync() => Database.DisposeAsync();
}
