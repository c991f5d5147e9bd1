using CsCheck;
using Jobs.Generated;
using Jobs.Store;

namespace Jobs.Runtime.Tests.BatchEnds;

/// <summary>Batches of every size that are built slower than their members run, and builders that die over it.</summary>
public sealed class BatchBuilderTests(EndNodes nodes) : IClassFixture<EndNodes>
{
    const int Chunk = 2_000;

    /// <summary>How often each member of each addition fails before it completes. Before the next addition, and before the seal, all of them have ended, or not.</summary>
    sealed record Plan(int[][] Additions, bool Waits);

    static readonly Gen<Plan> Plans = Gen.Select(Gen.Int[0, 2].Array[0, 4].Array[0, 4], Gen.Bool, static (additions, waits) => new Plan(additions, waits));

    [Fact]
    public async Task A_batch_that_is_built_over_additions_tells_once_when_it_is_sealed_and_each_member_has_completed()
    {
        await nodes.ClearAsync();
        var batches = 0;

        await Plans.SampleAsync(
            async plan =>
            {
                var batch = $"built {Interlocked.Increment(ref batches)}";
                await BuildAsync(batch, plan);
                await nodes.Journal.Heard(batch);

                var members = plan.Additions.Sum(static addition => addition.Length);
                var told = Assert.Single(nodes.Journal.Told, told => told.Batch.BatchId == batch);
                Assert.Equal(new BatchComplete(batch, members, members, 0, 0), told.Batch with { InsertedAt = null, OccurredAt = null });
                Assert.True(told.Status is { IsClosed: true, Pending: 0 });
            },
            iter: 40, threads: 1);

        await nodes.EmptyAsync();
        Assert.Equal(Enumerable.Range(1, batches).Select(static i => $"built {i}").Order(), nodes.Journal.Told.Select(static told => told.Batch.BatchId).Order());
        Assert.Equal(Enumerable.Range(1, batches).Select(static i => $"built {i}").Order(), nodes.Journal.Succeeded.Order());
    }

    async Task BuildAsync(string batch, Plan plan)
    {
        await nodes.Client.OpenBatchAsync(batch, static options => options.OnComplete<Ending>().OnSucceeded<Praised>(), TestContext.Current.CancellationToken);
        var added = 0;
        foreach (var addition in plan.Additions)
        {
            added += addition.Length;
            await nodes.Client.AddAsync(batch, addition.Select(static failures => Ending.New(new Step(failures)) with { MaxAttempts = 3 }), cancellationToken: TestContext.Current.CancellationToken);
            if (plan.Waits)
                await nodes.Host.UntilAsync<int>($"SELECT completed FROM jobs.batches WHERE id = '{batch}'", completed => completed == added);
        }

        Assert.DoesNotContain(nodes.Journal.Told, told => told.Batch.BatchId == batch);
        await nodes.Client.SealAsync(batch, cancellationToken: TestContext.Current.CancellationToken);
    }

    // The members take no time; the source stops after each chunk until whatever can run has run.
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(5 * Chunk)]
    public async Task A_batch_of_any_size_tells_once_though_its_builder_pauses(int size)
    {
        await nodes.ClearAsync();

        await nodes.Client.EnqueueBatchAsync("b", PausingAsync(size), static options => options.OnComplete<Ending>().OnSucceeded<Praised>(), TestContext.Current.CancellationToken);
        await nodes.Journal.Heard("b");
        await nodes.EmptyAsync();

        Assert.Equal(new BatchComplete("b", size, size, 0, 0), Assert.Single(nodes.Journal.Told).Batch with { InsertedAt = null, OccurredAt = null });
        Assert.Single(nodes.Journal.Succeeded);
    }

    async IAsyncEnumerable<NewJob> PausingAsync(int size)
    {
        for (var i = 0; i < size; i++)
        {
            if (i % Chunk == 1)
            {
                var other = await nodes.Client.EnqueueAsync(Ending.New(new Step(0)), TestContext.Current.CancellationToken);
                await nodes.Host.UntilAsync<bool>($"SELECT NOT EXISTS (SELECT FROM jobs.jobs WHERE id = {other.Id})", static isGone => isGone);
            }

            yield return Ending.New(new Step(0));
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    public async Task A_batch_whose_builder_dies_in_the_middle_was_never_there_and_its_id_is_free(int chunks)
    {
        await nodes.ClearAsync();

        var broken = await Record.ExceptionAsync(() => nodes.Store.EnqueueBatchAsync(
            new NewBatch("b"), UntilDeathAsync(chunks * Chunk), static () => [], EnqueueTerms.Alone, TestContext.Current.CancellationToken));
        await nodes.EmptyAsync();
        await nodes.Client.EnqueueBatchAsync("b", [Ending.New(new Step(0))], cancellationToken: TestContext.Current.CancellationToken);
        await nodes.Journal.Heard("b");

        Assert.IsAssignableFrom<Npgsql.NpgsqlException>(broken);
        Assert.Equal(1, Assert.Single(nodes.Journal.Told).Batch.Total);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    public async Task An_open_batch_whose_builder_dies_ends_with_what_it_has(int additions)
    {
        await nodes.ClearAsync();
        await nodes.Client.OpenBatchAsync("b", static options =>
        {
            options.OpenFor = TimeSpan.FromSeconds(1);
            options.OnComplete<Ending>();
        }, TestContext.Current.CancellationToken);
        for (var i = 0; i < additions; i++)
            await nodes.Client.AddAsync("b", [Ending.New(new Step(0)), Ending.New(new Step(1)) with { MaxAttempts = 2 }], cancellationToken: TestContext.Current.CancellationToken);

        var broken = await Record.ExceptionAsync(() => nodes.Store.AddToBatchAsync(
            "b", UntilDeathAsync(Chunk + 5), static () => [], EnqueueTerms.Alone, TestContext.Current.CancellationToken));
        await nodes.Journal.Heard("b");
        await nodes.EmptyAsync();

        Assert.IsAssignableFrom<Npgsql.NpgsqlException>(broken);
        Assert.Equal(
            new BatchComplete("b", 2 * additions, 2 * additions, 0, 0), Assert.Single(nodes.Journal.Told).Batch with { InsertedAt = null, OccurredAt = null });
    }

    /// <summary>So many jobs, and then the server ends the builder's session, as when its process was killed.</summary>
    async IAsyncEnumerable<NewJob> UntilDeathAsync(int count)
    {
        for (var i = 0; i < count; i++)
            yield return Ending.New(new Step(0));
        Assert.Equal(1, await nodes.Host.ScalarAsync<long>($"""
            SELECT count(pg_terminate_backend(pid))
            FROM pg_stat_activity
            WHERE datname = current_database() AND application_name = '{EndNodes.Doomed}' AND state = 'idle in transaction'
            """));
        for (var i = 0; i < Chunk; i++)
            yield return Ending.New(new Step(0));
    }
}
