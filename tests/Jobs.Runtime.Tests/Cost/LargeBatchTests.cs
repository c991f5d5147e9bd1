using Jobs.Store;

namespace Jobs.Runtime.Tests.Cost;

/// <summary>What people ask of a batch of two hundred thousand of which half have ended, behind as many jobs of none, and ahead of as many.</summary>
[Collection("Cost")]
public sealed class LargeBatchTests
{
    static readonly JobFilter Members = new() { Batch = "large" };
    static readonly JobFilter Waiting = Members with { States = [JobState.Scheduled, JobState.Available, JobState.Retryable] };
    static readonly JobFilter Ended = Members with { States = [JobState.Completed, JobState.Cancelled, JobState.Discarded] };

    [Fact]
    public async Task A_page_of_its_members_and_a_change_of_as_many_read_a_bounded_number_of_pages()
    {
        await using var database = await CountedDatabase.CreateAsync();
        await FillAsync(database);
        await database.WithStoreAsync(async store =>
        {
            await database.ForgetStatementsAsync();
            JobFilter[] filters = [Members, Waiting, Ended, Members with { States = [JobState.Completed] }, Members with { States = [JobState.Executing, JobState.Completed] }];
            foreach (var filter in filters)
            {
                foreach (var order in Enum.GetValues<JobOrder>())
                    Assert.Equal(100, (await store.ListAsync(filter, 100, null, order, TestContext.Current.CancellationToken)).Jobs.Count);
                Assert.True((await store.CountAsync(filter, 100, TestContext.Current.CancellationToken)).IsAtLeast);
            }

            // Each stage apart, as a client does it.
            await ChangeAsync(store.CancelAsync, Waiting);
            await ChangeAsync(store.DeleteAsync, Waiting);
            await ChangeAsync(store.RetryAsync, Ended);
            await ChangeAsync(store.DeleteAsync, Ended);
        });

        // All members of a stage are on 4,000.
        await database.AssertPagesAsync(atLeast: 10, mostOfACall: 3_000);

        static async Task ChangeAsync(Func<JobSelection, CancellationToken, Task<ChangeResult>> change, JobFilter filter) =>
            Assert.Equal(100, (await change(new JobSelection(filter, long.MinValue, 100), TestContext.Current.CancellationToken)).Jobs.Count(static job => job.IsChanged));
    }

    static Task FillAsync(CountedDatabase database) => database.ExecuteAsync(
        """
        INSERT INTO jobs.batches (id, sealed_at, total, pending, completed) VALUES ('large', now(), 200000, 100000, 100000);
        INSERT INTO jobs.jobs (queue, worker, batch, state, finished_at)
        SELECT 'tests', 'greeter', (SELECT key FROM jobs.batches WHERE id = part.batch), kind.state::jobs.job_state, kind.finished_at
        FROM
            (VALUES (1, NULL), (2, 'large'), (3, NULL)) AS part (place, batch),
            generate_series(1, 100000) AS i,
            (VALUES ('available', NULL), ('completed', now())) AS kind (state, finished_at)
        ORDER BY part.place;
        ANALYZE jobs.jobs
        """);
}
