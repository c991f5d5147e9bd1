using Jobs.Store;

namespace Jobs.Runtime.Tests.Cost;

/// <summary>What a node asks for again and again, among millions of jobs that are none of its business, or wait for their turn.</summary>
[Collection("Cost")]
public sealed class MillionJobsTests(MillionJobs jobs) : IClassFixture<MillionJobs>
{
    [Fact]
    public async Task A_claim_takes_less_than_five_milliseconds_and_a_bounded_number_of_pages()
    {
        await jobs.ExecuteAsync("ANALYZE jobs.jobs");
        await MillionJobsClaim.AssertIsCheapAsync(jobs);
    }

    [Fact]
    public async Task What_an_idle_node_asks_for_reads_a_bounded_number_of_pages()
    {
        await jobs.ExecuteAsync("ANALYZE jobs.jobs");
        var (node, lease) = (MillionJobs.Node, TimeSpan.FromHours(1));
        await jobs.Database.WithStoreAsync(async store =>
        {
            await jobs.Database.ForgetStatementsAsync();
            for (var i = 0; i < 10; i++)
            {
                await store.PollAsync([MillionJobs.Queue, "empty", "idle"], [MillionJobs.Worker, "other"], node, "node", TestContext.Current.CancellationToken);
                await store.ClaimAsync("empty", [MillionJobs.Worker], 1_000, node, TestContext.Current.CancellationToken);
                await store.RenewNodeAsync(node, lease, [], TestContext.Current.CancellationToken);
                await store.ElectAsync(node, lease, TestContext.Current.CancellationToken);
                await store.StageAsync(5_000, TestContext.Current.CancellationToken);
                await store.RescueAsync(500, TestContext.Current.CancellationToken);
                await store.FindStrandedAsync(TestContext.Current.CancellationToken);
            }
        });

        await AssertPagesAsync(atLeast: 7, mostOfACall: 250);
    }

    [Fact]
    public async Task What_people_change_reads_a_bounded_number_of_pages_for_each()
    {
        const int Many = 1_000;
        await jobs.ExecuteAsync($"""
            INSERT INTO jobs.jobs (queue, worker, state, finished_at, unique_key)
            SELECT 'changed', 'changed', 'discarded', now(), md5(i::text)::uuid FROM generate_series(1, {Many}) AS i;
            INSERT INTO jobs.unique_keys (key, job_id, expires_at, held_in)
            SELECT unique_key, id, 'infinity', ARRAY['available']::jobs.job_state[] FROM jobs.jobs WHERE queue = 'changed';
            INSERT INTO jobs.unique_keys (key, job_id, expires_at, held_in)
            SELECT gen_random_uuid(), i, 'infinity', '{"{}"}' FROM generate_series(1, 100000) AS i;
            ANALYZE jobs.jobs, jobs.unique_keys
            """);
        await jobs.Database.WithStoreAsync(async store =>
        {
            await jobs.Database.ForgetStatementsAsync();
            var filter = new JobFilter { Queues = ["changed"], States = [JobState.Discarded] };
            var retried = await store.RetryAsync(new JobSelection(filter, long.MinValue, Many), TestContext.Current.CancellationToken);
            var edited = await store.EditAsync(
                new JobSelection(new JobFilter { Ids = [.. retried.Jobs.Select(static job => job.Id)] }, long.MinValue, Many),
                new JobEdit { Priority = 9, ScheduleIn = TimeSpan.FromHours(1) },
                TestContext.Current.CancellationToken);
            Assert.Equal([Many, Many], new[] { retried, edited }.Select(static result => result.Jobs.Count(static job => job.IsChanged)));
        });

        await AssertPagesAsync(atLeast: 2, mostOfACall: 60 * Many);
    }

    // Jobs that nodes have died with are rescued by the hundred, and ended as many at a time.
    [Fact]
    public async Task What_changes_many_jobs_at_once_reads_a_bounded_number_of_pages_for_each()
    {
        const int Many = 500;
        await jobs.ExecuteAsync("ANALYZE jobs.jobs");
        await jobs.Database.WithStoreAsync(async store =>
        {
            await store.ClaimAsync(MillionJobs.Queue, [MillionJobs.Worker], Many, Guid.NewGuid(), TestContext.Current.CancellationToken);
            var held = (await store.ClaimAsync(MillionJobs.Queue, [MillionJobs.Worker], Many, MillionJobs.Node, TestContext.Current.CancellationToken)).Jobs;
            var others = (await store.ClaimAsync(MillionJobs.Queue, [MillionJobs.Worker], Many, MillionJobs.Node, TestContext.Current.CancellationToken)).Jobs;
            await jobs.Database.ForgetStatementsAsync();

            var rescued = await store.RescueAsync(Many, TestContext.Current.CancellationToken);
            var acknowledged = await store.AcknowledgeAsync(
                [.. held.Select(job => Acknowledgement.Of(job, JobState.Completed))], TestContext.Current.CancellationToken);

            // What names a batch is stored by the statement that counts in batches.
            var counted = await store.AcknowledgeAsync(
                [.. others.Select(job => Acknowledgement.Of(job, JobState.Completed) with { Batch = "b" })], TestContext.Current.CancellationToken);

            Assert.Equal(Many, rescued.Rescued);
            Assert.Equal(Many, acknowledged.Acknowledged.Count);
            Assert.Equal(Many, counted.Acknowledged.Count);
        });

        await AssertPagesAsync(atLeast: 3, mostOfACall: 60 * Many);
    }

    [Fact]
    public async Task What_people_look_for_reads_a_bounded_number_of_pages()
    {
        await jobs.ExecuteAsync($"""
            INSERT INTO jobs.batches (id, sealed_at, total, pending) VALUES ('b', now(), 1000, 1000);
            INSERT INTO jobs.jobs (queue, worker, batch, state, scheduled_at)
            SELECT 'rare', 'rare', (SELECT key FROM jobs.batches WHERE id = 'b'), 'scheduled', now() + interval '1 hour' FROM generate_series(1, 1000);
            INSERT INTO jobs.jobs (queue, worker, state, finished_at) SELECT 'rare', 'rare', 'discarded', now() FROM generate_series(1, 100);
            ANALYZE jobs.jobs
            """);
        JobFilter[] filters =
        [
            new() { Ids = [5, 3_000_000] },
            new() { Batch = "b" },
            new() { Batch = "b", States = [JobState.Scheduled] },
            new() { Batch = "b", States = [JobState.Executing, JobState.Scheduled] },
            new() { States = [JobState.Discarded] },
            new() { States = [JobState.Scheduled, JobState.Retryable] },
            new() { States = [JobState.Executing] },
            new() { States = [JobState.Completed] },
            new() { Queues = [MillionJobs.Queue] },
            JobFilter.All,
        ];
        await jobs.Database.WithStoreAsync(async store =>
        {
            foreach (var filter in filters)
            {
                await jobs.Database.ForgetStatementsAsync();
                foreach (var order in Enum.GetValues<JobOrder>())
                    await store.ListAsync(filter, 100, null, order, TestContext.Current.CancellationToken);
                await store.CountAsync(filter, 100, TestContext.Current.CancellationToken);

                // The jobs that the filter does not want are passed over. Those that have completed come by id after the 101,100 that are newer, of which
                // 25 stand on a page: pages are half empty, so that jobs have room for new versions.
                await AssertPagesAsync(atLeast: 3, mostOfACall: 6_000);
            }

            await jobs.Database.ForgetStatementsAsync();
            await store.CountQueuesAsync(1_000, TestContext.Current.CancellationToken);
            await store.FindEndedAsync([.. Enumerable.Range(1, 1_000).Select(i => (long)i)], TestContext.Current.CancellationToken);
            await store.CancelAsync(new JobSelection(new JobFilter { Batch = "b", States = [JobState.Scheduled] }, long.MinValue, 100), TestContext.Current.CancellationToken);
        });

        await AssertPagesAsync(atLeast: 3, mostOfACall: 6_000);
    }

    Task AssertPagesAsync(int atLeast, int mostOfACall) => jobs.Database.AssertPagesAsync(atLeast, mostOfACall);
}
