using Jobs.Generated;
using Jobs.Store;

namespace Jobs.Runtime.Tests.Conformance;

/// <summary>Callers who change the same batch at the same instant.</summary>
public sealed class BatchRaceTests
{
    const int Callers = 8;

    [Fact]
    public async Task Of_eight_who_retry_all_that_failed_in_a_batch_each_member_is_counted_back_once()
    {
        const int Members = 200;
        await using var harness = await PostgresHarness.StartAsync();
        await harness.EnqueueBatchAsync("b", Enumerable.Range(0, Members).Select(static i => StoreHarness.NewJob($"{i}")).Append(StoreHarness.NewJob() with { Queue = "other" }), StoreHarness.Mailer);
        var node = await harness.RegisterNodeAsync();
        for (var round = 0; round < 10; round++)
        {
            await AcknowledgeAsync(harness, await harness.ClaimAsync(node, Members), JobState.Discarded);
            Assert.Equal((1, Members), ((await harness.StatusAsync("b")).Pending, (await harness.StatusAsync("b")).Discarded));

            var retried = await AtOnceAsync(async _ => (await harness.Store.RetryAsync(new JobSelection(new JobFilter { Batch = "b" }, long.MinValue, 1_000), TestContext.Current.CancellationToken))
                .Jobs.Count(static job => job.IsChanged));

            Assert.Equal(Members, retried.Sum());
            Assert.Equal((Members + 1, 0), ((await harness.StatusAsync("b")).Pending, (await harness.StatusAsync("b")).Discarded));
        }
    }

    [Fact]
    public async Task Jobs_that_are_added_when_a_batch_is_sealed_and_its_last_member_ends_are_in_it_or_are_not_stored()
    {
        const int Rounds = 500;
        await using var harness = await PostgresHarness.StartAsync();
        var node = await harness.RegisterNodeAsync();
        var added = 0;
        for (var round = 0; round < Rounds; round++)
        {
            var batch = $"b{round}";
            await harness.Store.OpenBatchAsync(
                new NewBatch(batch) { OpenFor = TimeSpan.FromHours(1) }, [StoreHarness.Listener(BatchCallbacks.Complete, StoreHarness.Worker("Teller"))], EnqueueTerms.Alone, TestContext.Current.CancellationToken);
            await AddAsync(harness, batch, 1);
            var member = await harness.ClaimOneAsync(node);

            var adding = Task.Run(() => Record.ExceptionAsync(() => AddAsync(harness, batch, 3)).AsTask());
            var sealing = Task.Run(() => harness.Store.SealBatchAsync(batch, EnqueueTerms.Alone, TestContext.Current.CancellationToken));
            var ending = Task.Run(() => harness.AcknowledgeAsync(member, JobState.Completed));
            await Task.WhenAll(adding, sealing, ending);

            var refused = await adding;
            Assert.True(refused is null or BatchSealedException, $"{refused}");
            var isAdded = refused is null;
            added += isAdded ? 1 : 0;
            var status = await harness.StatusAsync(batch);
            Assert.Equal((batch, isAdded ? 4 : 1, isAdded ? 3 : 0, !isAdded), (batch, status.Total, status.Pending, status.IsClosed));
            Assert.Equal(isAdded ? 0 : 1, (await harness.CallbacksAsync(batch)).Count);
            Assert.Equal(isAdded ? 3L : 0L, await harness.ScalarAsync("SELECT count(*) FROM jobs.jobs WHERE state = 'available' AND worker = 'Mailer'"));
            await AcknowledgeAsync(harness, await harness.ClaimAsync(node), JobState.Completed);
            Assert.Single(await harness.CallbacksAsync(batch));
        }

        Assert.InRange(added, 1, Rounds - 1);
    }

    [Fact]
    public async Task Of_eight_who_enqueue_a_batch_of_the_same_name_one_has_it_and_the_others_store_nothing()
    {
        await using var harness = await PostgresHarness.StartAsync();
        for (var round = 0; round < 50; round++)
        {
            var batch = $"b{round}";
            var before = await harness.CountJobsAsync();

            var refusals = await AtOnceAsync(caller => Record.ExceptionAsync(() => harness.EnqueueBatchAsync(batch, caller + 1, StoreHarness.Mailer)).AsTask());

            var winner = Assert.Single(Enumerable.Range(0, Callers), caller => refusals[caller] is null);
            Assert.All(refusals.Where((_, caller) => caller != winner), refused => Assert.Equal(winner + 1, Assert.IsType<BatchExistsException>(refused).Batch.Total));
            Assert.Equal((winner + 1, winner + 1), ((await harness.StatusAsync(batch)).Total, (await harness.StatusAsync(batch)).Pending));
            Assert.Equal(before + winner + 1, await harness.CountJobsAsync());
        }
    }

    // A row that meets the unique index has passed this trigger all the same, so it counts what the index has kept away.
    [Fact]
    public async Task The_unique_index_over_callbacks_never_has_to_keep_one_away()
    {
        const int Batches = 300;
        await using var harness = await PostgresHarness.StartAsync();
        await harness.ScalarAsync("""
            CREATE SEQUENCE jobs.callbacks_tried;
            CREATE FUNCTION jobs.count_callback() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM nextval('jobs.callbacks_tried'); RETURN NEW; END $$;
            CREATE TRIGGER count_callback BEFORE INSERT ON jobs.jobs FOR EACH ROW WHEN (NEW.callback_of IS NOT NULL) EXECUTE FUNCTION jobs.count_callback();
            """);
        foreach (var i in Enumerable.Range(0, Batches))
        {
            await harness.Store.EnqueueBatchAsync(
                new NewBatch($"b{i}"), Enumerable.Range(0, 4).Select(static i => StoreHarness.NewJob($"{i}")).ToAsyncEnumerable(),
                static () => [.. Enum.GetValues<BatchCallbacks>().Where(static kind => kind is not BatchCallbacks.None).Select(static kind => StoreHarness.Listener(kind, StoreHarness.Worker("Teller")))],
                EnqueueTerms.Alone, TestContext.Current.CancellationToken);
        }

        var members = await harness.ClaimAsync(await harness.RegisterNodeAsync(), 4 * Batches);
        var shares = Shuffled(members).Chunk(4 * Batches / Callers).ToList();
        var ends = new[] { JobState.Completed, JobState.Discarded, JobState.Cancelled };
        await AtOnceAsync(async caller =>
        {
            foreach (var flush in shares[caller].Chunk(10))
                await harness.Store.AcknowledgeAsync([.. flush.Select(job => StoreHarness.Outcome(job, ends[job.Id % 3]))], TestContext.Current.CancellationToken);
            return true;
        });

        var callbacks = (long)(await harness.ScalarAsync("SELECT count(*) FROM jobs.jobs WHERE callback_of IS NOT NULL"))!;
        Assert.InRange(callbacks, 4 * Batches, 5 * Batches);
        Assert.Equal(callbacks, await harness.ScalarAsync("SELECT last_value FROM jobs.callbacks_tried"));
    }

    static async Task<T[]> AtOnceAsync<T>(Func<int, Task<T>> call)
    {
        var together = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var calls = Enumerable.Range(0, Callers).Select(caller => Task.Run(async () =>
        {
            await together.Task;
            return await call(caller);
        })).ToList();
        together.SetResult();
        return await Task.WhenAll(calls);
    }

    static Task AcknowledgeAsync(PostgresHarness harness, IEnumerable<ClaimedJob> jobs, JobState end) =>
        Task.WhenAll(jobs.Chunk(500).Select(flush => harness.Store.AcknowledgeAsync([.. flush.Select(job => StoreHarness.Outcome(job, end))], TestContext.Current.CancellationToken)));

    static Task<BatchRef> AddAsync(PostgresHarness harness, string batch, int count) => harness.Store.AddToBatchAsync(
        batch, Enumerable.Range(0, count).Select(static i => StoreHarness.NewJob($"{i}")).ToAsyncEnumerable(), static () => [], EnqueueTerms.Alone, TestContext.Current.CancellationToken);

    static IEnumerable<ClaimedJob> Shuffled(IReadOnlyList<ClaimedJob> jobs)
    {
        var all = jobs.ToArray();
        new Random(20261127).Shuffle(all);
        return all;
    }
}
