using Jobs.Store;
using Npgsql;

namespace Jobs.Runtime.Tests.Conformance;

public sealed class PostgresPruneTests : PruneStoreTests
{
    private protected override async Task<StoreHarness> StartAsync() => await PostgresHarness.StartAsync();

    [Fact]
    public async Task A_job_that_somebody_retries_at_the_same_time_stays()
    {
        await using var harness = await PostgresHarness.StartAsync();
        var ended = await EndAllAsync(harness, JobState.Completed, JobState.Completed);
        await using var connection = new NpgsqlConnection(harness.ConnectionString);
        await connection.OpenAsync(TestContext.Current.CancellationToken);
        await using var other = await connection.BeginTransactionAsync(TestContext.Current.CancellationToken);
        await using (var retry = new NpgsqlCommand($"UPDATE jobs.jobs SET state = 'available', finished_at = NULL WHERE id = {ended[0]}", connection, other))
            await retry.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);

        var during = await PruneAsync(harness, new PruneRule(JobState.Completed, TimeSpan.Zero, [], [], [], [], AndTheRest: true));
        await other.CommitAsync(TestContext.Current.CancellationToken);
        var after = await PruneAsync(harness, new PruneRule(JobState.Completed, TimeSpan.Zero, [], [], [], [], AndTheRest: true));

        Assert.Equal((2, 1), (during.Seen, during.Pruned));
        Assert.Equal(0, after.Seen);
        Assert.Equal(JobState.Available, (await harness.FindJobAsync(ended[0]))!.State);
    }

    [Fact]
    public async Task Of_many_jobs_that_are_retried_while_they_are_pruned_none_is_lost()
    {
        await using var harness = await PostgresHarness.StartAsync();
        await harness.ScalarAsync("INSERT INTO jobs.jobs (worker, state, finished_at) SELECT 'Mailer', 'completed', now() FROM generate_series(1, 20000)");
        var retrying = Task.Run(async () =>
        {
            await using var connection = new NpgsqlConnection(harness.ConnectionString);
            await connection.OpenAsync(TestContext.Current.CancellationToken);
            await using var retry = new NpgsqlCommand(
                """
                UPDATE jobs.jobs
                SET state = 'available', finished_at = NULL
                WHERE id IN (SELECT id FROM jobs.jobs WHERE state = 'completed' ORDER BY finished_at, id OFFSET 1000 LIMIT 20 FOR UPDATE SKIP LOCKED)
                """,
                connection);
            var retried = 0;
            int some;
            do
            {
                retried += some = await retry.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
            }
            while (some > 0);
            return retried;
        }, TestContext.Current.CancellationToken);

        var mark = WalkMark.Start;
        PruneResult step;
        do
        {
            step = await PruneAsync(harness, new PruneRule(JobState.Completed, TimeSpan.Zero, [], [], [], [], AndTheRest: true), mark, limit: 2000);
            mark = step.Last;
        }
        while (step.Seen > 0);

        Assert.Equal(await retrying, (int)(long)(await harness.ScalarAsync("SELECT count(*) FROM jobs.jobs WHERE state = 'available'"))!);
    }

    [Theory]
    [InlineData(JobState.Completed, "'infinity'", 0)]
    [InlineData(JobState.Completed, "jobs.clock() - interval '1 second'", 0)]
    [InlineData(JobState.Completed, "jobs.clock() + interval '1 hour'", 1)]
    [InlineData(JobState.Discarded, "jobs.clock() + interval '1 hour'", 0)]
    public async Task The_key_of_a_pruned_job_is_freed_unless_it_is_held_for_a_time(JobState state, string expires, long left)
    {
        await using var harness = await PostgresHarness.StartAsync();
        var id = (await EndAllAsync(harness, state))[0];
        await TakeKeyAsync(harness, 1, id, expires);

        await PruneAsync(harness, new PruneRule(state, TimeSpan.Zero, [], [], [], [], AndTheRest: true));

        Assert.Equal(left, await harness.ScalarAsync("SELECT count(*) FROM jobs.unique_keys"));
    }

    [Fact]
    public async Task A_key_that_another_job_has_taken_over_is_not_freed_with_its_former_job()
    {
        await using var harness = await PostgresHarness.StartAsync();
        var id = (await EndAllAsync(harness, JobState.Completed))[0];
        await TakeKeyAsync(harness, 1, id, "'infinity'");
        var successor = await harness.EnqueueAsync();
        await harness.ScalarAsync($"UPDATE jobs.unique_keys SET job_id = {successor}");

        await PruneAsync(harness, new PruneRule(JobState.Completed, TimeSpan.Zero, [], [], [], [], AndTheRest: true));

        Assert.Equal(1L, await harness.ScalarAsync("SELECT count(*) FROM jobs.unique_keys"));
    }

    [Fact]
    public async Task Pruning_does_not_wait_for_a_key_and_the_sweep_frees_it_later()
    {
        await using var harness = await PostgresHarness.StartAsync();
        var id = (await EndAllAsync(harness, JobState.Completed))[0];
        await TakeKeyAsync(harness, 1, id, "'infinity'");
        await using var connection = new NpgsqlConnection(harness.ConnectionString);
        await connection.OpenAsync(TestContext.Current.CancellationToken);
        await using var enqueuing = await connection.BeginTransactionAsync(TestContext.Current.CancellationToken);
        await using (var hold = new NpgsqlCommand("SELECT FROM jobs.unique_keys FOR UPDATE", connection, enqueuing))
            await hold.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);

        var pruned = await PruneAsync(harness, new PruneRule(JobState.Completed, TimeSpan.Zero, [], [], [], [], AndTheRest: true));
        var during = await harness.Store.SweepKeysAsync(Guid.Empty, 10, TestContext.Current.CancellationToken);
        await enqueuing.RollbackAsync(TestContext.Current.CancellationToken);
        var after = await harness.Store.SweepKeysAsync(Guid.Empty, 10, TestContext.Current.CancellationToken);

        Assert.Equal(1, pruned.Pruned);
        Assert.Equal((1, 0), (during.Seen, during.Freed));
        Assert.Equal((1, 1), (after.Seen, after.Freed));
    }

    [Fact]
    public async Task The_sweep_frees_what_nobody_holds_step_by_step_and_nothing_else()
    {
        await using var harness = await PostgresHarness.StartAsync();
        var job = await harness.EnqueueAsync();
        await TakeKeyAsync(harness, 1, job, "'infinity'");
        await TakeKeyAsync(harness, 2, job, "jobs.clock() + interval '1 hour'");
        await TakeKeyAsync(harness, 3, job, "jobs.clock()");
        await TakeKeyAsync(harness, 4, 12345, "'infinity'");
        await TakeKeyAsync(harness, 5, 12345, "jobs.clock() + interval '1 hour'");

        var first = await harness.Store.SweepKeysAsync(Guid.Empty, 3, TestContext.Current.CancellationToken);
        var second = await harness.Store.SweepKeysAsync(first.Last, 3, TestContext.Current.CancellationToken);
        var third = await harness.Store.SweepKeysAsync(second.Last, 3, TestContext.Current.CancellationToken);

        Assert.Equal([(3, 1), (2, 1), (0, 0)], new[] { first, second, third }.Select(step => (step.Seen, step.Freed)));
        Assert.Equal("1 2 5", await harness.ScalarAsync("SELECT string_agg(right(key::text, 1), ' ' ORDER BY key) FROM jobs.unique_keys"));
    }

    // A row of unique_keys as an enqueue leaves it.
    static Task TakeKeyAsync(PostgresHarness harness, int number, long job, string expires) => harness.ScalarAsync($"""
        INSERT INTO jobs.unique_keys (key, job_id, expires_at, held_in)
        VALUES ('00000000-0000-0000-0000-00000000000{number}', {job}, {expires}, '{"{available,executing,completed}"}');
        UPDATE jobs.jobs SET unique_key = '00000000-0000-0000-0000-00000000000{number}' WHERE id = {job}
        """);
}
