using Jobs.Store;

namespace Jobs.Runtime.Tests.BatchEnds;

/// <summary>Many batches of all kinds at once, with everything that can be done to their members, while all that has ended is deleted at once.</summary>
public sealed class BatchSoakTests(EndNodes nodes, ITestOutputHelper output) : IClassFixture<EndNodes>
{
    const int Batches = 300;

    [Fact]
    public async Task Each_of_many_batches_tells_once_while_their_ended_members_are_pruned_and_their_counters_never_differ_from_their_rows()
    {
        await nodes.ClearAsync();
        nodes.Journal.Deed = static (job, _) => Task.FromResult((job.Id % 10, job.Attempt) switch
        {
            (0, _) => JobOutcome.Discard("no use"),
            (1, _) => JobOutcome.Cancel("not today"),
            (2, 1) => JobOutcome.RetryAfter(TimeSpan.Zero, "once more"),
            (3, _) => throw new FormatException("fails"),
            _ => JobOutcome.Complete,
        });
        using var enough = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        var disturbing = Task.WhenAll(DisturbAsync(enough.Token), CheckAsync(enough.Token));

        var random = new Random(20261127);
        var sizes = Enumerable.Range(0, Batches).Select(_ => random.Next(5) == 0 ? random.Next(100) : random.Next(4)).ToList();
        await Parallel.ForAsync(0, Batches, new ParallelOptions { MaxDegreeOfParallelism = 4, CancellationToken = TestContext.Current.CancellationToken }, async (i, token) =>
            await nodes.Client.EnqueueBatchAsync($"{i}", Members(sizes[i]), static options => options.OnComplete<Ending>(), token));
        await nodes.EmptyAsync();
        await enough.CancelAsync();
        var (checks, drifts) = (await disturbing)[1];

        Assert.Equal(Enumerable.Range(0, Batches).Select(static i => $"{i}").Order(), nodes.Journal.Told.Select(static told => told.Batch.BatchId).Order());
        Assert.All(nodes.Journal.Told, told =>
        {
            Assert.Equal(sizes[int.Parse(told.Batch.BatchId, System.Globalization.CultureInfo.InvariantCulture)], told.Batch.Total);
            Assert.Equal(told.Batch.Total, told.Batch.Completed + told.Batch.Cancelled + told.Batch.Discarded);
            Assert.True(told.Status is { IsClosed: true, Pending: 0 });
        });
        output.WriteLine($"{sizes.Sum()} members; the counters of open batches were compared with their rows {checks} times.");
        Assert.True(checks >= 10, $"{checks}");
        Assert.Equal(0, drifts);
    }

    // Every second is of a queue that no node works, and ends by the hand of somebody.
    static IEnumerable<NewJob> Members(int size) => Enumerable.Range(0, size).Select(static i => (i % 2) switch
    {
        0 => Ending.New(new LastStep("any")) with { MaxAttempts = 2 },
        _ => Ending.New(new LastStep("any")) with { Queue = EndNodes.Elsewhere, Tags = [i % 4 == 1 ? "cancelled" : "deleted"] },
    });

    async Task<(int Checks, int Drifts)> DisturbAsync(CancellationToken enough)
    {
        while (!enough.IsCancellationRequested)
        {
            await nodes.Client.CancelAsync(new JobFilter { AnyTags = ["cancelled"], Queues = [EndNodes.Elsewhere] }, cancellationToken: CancellationToken.None);
            await nodes.Client.DeleteAsync(new JobFilter { AnyTags = ["deleted"], Queues = [EndNodes.Elsewhere], States = [JobState.Available] }, cancellationToken: CancellationToken.None);
            await Task.Delay(20, enough).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        return default;
    }

    /// <summary>Compares the counters of all open batches with their rows, again and again, as the leader does of those that are quiet.</summary>
    async Task<(int Checks, int Drifts)> CheckAsync(CancellationToken enough)
    {
        var (checks, drifts) = (0, 0);
        while (!enough.IsCancellationRequested)
        {
            foreach (var key in await nodes.Store.FindStalledBatchesAsync(TimeSpan.Zero, TimeSpan.Zero, 20, CancellationToken.None))
            {
                if (await nodes.Store.CheckBatchAsync(key, CancellationToken.None) is not { } check)
                    continue;
                checks++;
                drifts += check.Drift == 0 ? 0 : 1;
            }

            await Task.Delay(5, enough).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        return (checks, drifts);
    }
}
