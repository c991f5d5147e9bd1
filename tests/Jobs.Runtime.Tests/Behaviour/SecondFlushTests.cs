using Jobs.Queues;
using Jobs.Runtime.Tests.Conformance;
using Jobs.Store;

namespace Jobs.Runtime.Tests.Behaviour;

/// <summary>What becomes of outcomes that come while a flush takes its time.</summary>
public sealed class SecondFlushTests
{
    const int Many = 3_000;

    [Fact]
    public async Task Many_outcomes_go_on_beside_a_flush_that_takes_its_time_and_few_wait_for_it()
    {
        await using var harness = await PostgresHarness.StartAsync();
        await harness.Store.EnqueueAsync(Enumerable.Range(0, Many + FlushSize.LargestCount + 1).Select(static i => StoreHarness.NewJob($"{i}")).ToAsyncEnumerable(), EnqueueTerms.Alone, TestContext.Current.CancellationToken);
        var jobs = await harness.ClaimAsync(await harness.RegisterNodeAsync(), Many + FlushSize.LargestCount + 1);
        await harness.ScalarAsync($"""
            CREATE TABLE public.gate AS SELECT 1;
            CREATE FUNCTION jobs.wait() RETURNS trigger LANGUAGE plpgsql AS
                $$ BEGIN WHILE EXISTS (SELECT FROM public.gate) LOOP PERFORM pg_sleep(0.01); END LOOP; RETURN NEW; END $$;
            CREATE TRIGGER wait BEFORE UPDATE ON jobs.jobs FOR EACH ROW WHEN (OLD.id = {jobs[0].Id}) EXECUTE FUNCTION jobs.wait();
            """);
        var held = new HeldJobs();
        var acknowledger = TestHost.Acknowledger(harness.Store, held);
        var flushing = Task.WhenAll(
            acknowledger.RunAsync(new Pulse("first", TimeProvider.System), TestContext.Current.CancellationToken),
            acknowledger.RunSecondAsync(new Pulse("second", TimeProvider.System), TestContext.Current.CancellationToken));

        await AcknowledgeAsync(jobs.Take(1));
        await UntilAsync(harness, "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep'", 1);
        await AcknowledgeAsync(jobs.Skip(1).Take(Many - 1));
        await Task.Delay(TimeSpan.FromMilliseconds(300), TestContext.Current.CancellationToken);
        Assert.Equal(0L, await harness.ScalarAsync(Completed));

        await AcknowledgeAsync(jobs.Skip(Many).Take(1));
        await UntilAsync(harness, Completed, FlushSize.LargestCount);
        await AcknowledgeAsync(jobs.Skip(Many + 1));
        await UntilAsync(harness, Completed, 2 * FlushSize.LargestCount);
        Assert.Equal(JobState.Executing, (await harness.FindJobAsync(jobs[0].Id))!.State);

        await harness.ScalarAsync("DELETE FROM public.gate");
        acknowledger.Complete();
        await flushing.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);
        Assert.Equal((long)jobs.Count, await harness.ScalarAsync(Completed));

        async Task AcknowledgeAsync(IEnumerable<ClaimedJob> ended)
        {
            foreach (var job in ended)
            {
                Assert.True(held.TryAdd(job) && held.TryTake(job));
                await acknowledger.AcknowledgeAsync(StoreHarness.Outcome(job, JobState.Completed));
            }
        }
    }

    static async Task UntilAsync(PostgresHarness harness, string count, long wanted)
    {
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        timeout.CancelAfter(TimeSpan.FromSeconds(30));
        while ((long)(await harness.ScalarAsync(count))! != wanted)
            await Task.Delay(TimeSpan.FromMilliseconds(20), timeout.Token);
    }

    const string Completed = "SELECT count(*) FROM jobs.jobs WHERE state = 'completed'";
}
