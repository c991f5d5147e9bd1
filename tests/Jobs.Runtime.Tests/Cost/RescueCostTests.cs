namespace Jobs.Runtime.Tests.Cost;

/// <summary>What the look for jobs of dead nodes reads in a busy drain: every job that a node has ended has left an entry in the index of those that execute.</summary>
[Collection("Cost")]
public sealed class RescueCostTests
{
    // The one of the dead node is among the oldest, and its id is neither the first nor the last node's.
    [Fact]
    public async Task It_passes_over_what_living_nodes_have_ended_and_finds_the_one_of_a_dead_node()
    {
        await using var database = await CountedDatabase.CreateAsync();
        await DrainAsync(database);
        await database.WithStoreAsync(async store =>
        {
            await database.ForgetStatementsAsync();
            Assert.Equal(1, (await store.RescueAsync(500, TestContext.Current.CancellationToken)).Rescued);
            Assert.Equal(0, (await store.RescueAsync(500, TestContext.Current.CancellationToken)).Rescued);
            await database.AssertPagesAsync(atLeast: 2, mostOfACall: 250);
            Assert.Equal(200, (await store.CountAsync(new JobFilter { States = [JobState.Executing] }, 1_000, TestContext.Current.CancellationToken)).Value);
        });
    }

    // Two nodes, each of which has ended 50,000 jobs and holds the last 100.
    static Task DrainAsync(CountedDatabase database) => database.ExecuteAsync(
        """
        INSERT INTO jobs.nodes (id, name, queues, workers, expires_at)
        SELECT id, id::text, '{}', '{}', now() + interval '1 hour'
        FROM unnest('{11111111-1111-1111-1111-111111111111, 33333333-3333-3333-3333-333333333333}'::uuid[]) AS id;
        INSERT INTO jobs.jobs (queue, worker, state, node, run, attempt)
        SELECT 'tests', 'greeter', 'executing', CASE
                WHEN i = 100 THEN '22222222-2222-2222-2222-222222222222'
                WHEN i % 2 = 0 THEN '11111111-1111-1111-1111-111111111111'
                ELSE '33333333-3333-3333-3333-333333333333'
            END::uuid, 1, 1
        FROM generate_series(1, 100200) AS i;
        UPDATE jobs.jobs
        SET state = 'completed', node = NULL, finished_at = now()
        WHERE id <= 100000 AND node <> '22222222-2222-2222-2222-222222222222';
        ANALYZE jobs.jobs
        """);
}
