using System.Diagnostics;
using Jobs.Runtime.Tests.Conformance;
using Jobs.Store;
using Npgsql;

namespace Jobs.Runtime.Tests.Maintenance;

/// <summary>Maintenance of a million jobs at once, and claims that go on meanwhile. Prints how long both take.</summary>
/// <remarks>An old snapshot is held throughout, so that no dead row or index entry can be cleared away.</remarks>
[Collection("A million jobs")]
public sealed class MillionTests(ITestOutputHelper output)
{
    const int Million = 1_000_000;

    [Fact]
    public async Task A_million_due_jobs_are_staged_the_longest_due_first_and_claims_go_on_meanwhile()
    {
        await using var harness = await StartAsync($"""
            INSERT INTO jobs.jobs (worker, queue, state, scheduled_at)
            SELECT 'Mailer', 'due', CASE WHEN i % 2 = 0 THEN 'scheduled' ELSE 'retryable' END::jobs.job_state, now() - (i::bigint * 7919 % {Million}) * interval '1 millisecond'
            FROM generate_series(1, {Million}) AS i
            """);
        await using var snapshot = await OldSnapshotAsync(harness);
        await using var claims = await ClaimLoop.StartAsync(harness);

        var steps = await WalkAsync(async after =>
        {
            var staged = await harness.Store.StageAsync(after, 2_000, TestContext.Current.CancellationToken);
            return (staged.Count, staged.Last);
        });

        output.WriteLine($"staged {steps}; {await claims.StopAsync()}");
        Assert.Equal(Million, steps.Rows);
        Assert.Equal((long)Million, await harness.ScalarAsync("SELECT count(*) FROM jobs.jobs WHERE state = 'available' AND queue = 'due'"));
        steps.AssertEven();
        claims.AssertWentOn();
    }

    [Fact]
    public async Task A_million_old_jobs_are_pruned_the_oldest_first_and_claims_go_on_meanwhile()
    {
        await using var harness = await StartAsync($"""
            INSERT INTO jobs.jobs (worker, queue, state, finished_at)
            SELECT 'Mailer', 'old', 'completed', now() - interval '2 days' + (i::bigint * 7919 % {Million}) / 100 * interval '1 millisecond'
            FROM generate_series(1, {Million}) AS i
            """);
        await using var snapshot = await OldSnapshotAsync(harness);
        await using var claims = await ClaimLoop.StartAsync(harness);

        var rule = new PruneRule(JobState.Completed, TimeSpan.FromDays(1), [], [], [], [], AndTheRest: true);
        var steps = await WalkAsync(async after =>
        {
            var pruned = await harness.Store.PruneAsync(rule, after, 1_000, TestContext.Current.CancellationToken);
            return (pruned.Pruned, pruned.Last);
        });

        output.WriteLine($"pruned {steps}; {await claims.StopAsync()}");
        Assert.Equal(Million, steps.Rows);
        Assert.Equal(0L, await harness.ScalarAsync("SELECT count(*) FROM jobs.jobs WHERE queue = 'old'"));
        steps.AssertEven();
        claims.AssertWentOn();
    }

    static async Task<PostgresHarness> StartAsync(string insert)
    {
        var harness = await PostgresHarness.StartAsync();
        await using var connection = new NpgsqlConnection(harness.ConnectionString);
        await connection.OpenAsync(TestContext.Current.CancellationToken);
        await using var command = new NpgsqlCommand($"{insert}; {ClaimLoop.InsertSql}; ANALYZE jobs.jobs", connection) { CommandTimeout = 0 };
        await command.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
        return harness;
    }

    static async Task<NpgsqlConnection> OldSnapshotAsync(PostgresHarness harness)
    {
        var connection = new NpgsqlConnection(harness.ConnectionString);
        await connection.OpenAsync(TestContext.Current.CancellationToken);
        await using var command = new NpgsqlCommand("BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM jobs.nodes", connection);
        await command.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
        return connection;
    }

    static async Task<Steps> WalkAsync(Func<WalkMark, Task<(int Rows, WalkMark Last)>> step)
    {
        var steps = new List<(int Rows, TimeSpan Took)>();
        for (var mark = WalkMark.Start; ;)
        {
            var watch = Stopwatch.StartNew();
            var (rows, last) = await step(mark);
            if (rows == 0)
                return new Steps(steps);
            steps.Add((rows, watch.Elapsed));
            Assert.True(last.At > mark.At || (last.At == mark.At && last.Id > mark.Id), "A step goes on behind the last.");
            mark = last;
        }
    }

    sealed class Steps(List<(int Rows, TimeSpan Took)> steps)
    {
        public int Rows => steps.Sum(step => step.Rows);

        // A step that reads what those before it have left takes longer from step to step: at the end a hundred times as long as at the start.
        public void AssertEven()
        {
            var fifth = steps.Count / 5;
            Assert.True(
                Median(steps.Take(fifth)) * 4 > Median(steps.TakeLast(fifth)),
                $"The first steps took {Median(steps.Take(fifth))}, the last ones {Median(steps.TakeLast(fifth))}.");
        }

        static TimeSpan Median(IEnumerable<(int Rows, TimeSpan Took)> some) => some.Select(step => step.Took).Order().ElementAt(some.Count() / 2);

        public override string ToString() =>
            $"{Rows:N0} jobs in {steps.Count} steps, {steps.Sum(step => step.Took.TotalSeconds):N1} s; a step {Median(steps).TotalMilliseconds:N0} ms, at most {steps.Max(step => step.Took).TotalMilliseconds:N0} ms";
    }
}
