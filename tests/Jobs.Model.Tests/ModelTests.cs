using System.Globalization;
using CsCheck;
using Jobs.Model.Tests.Histories;

namespace Jobs.Model.Tests;

/// <summary>Does PostgreSQL do what the rules say, whatever is done in whatever order?</summary>
public sealed class ModelTests(ITestOutputHelper output)
{
    const int Databases = 2;

    [Fact]
    public async Task After_each_step_of_a_random_history_the_rows_are_those_of_the_model()
    {
        var steps = 0;
        var histories = 0;
        var met = 0;

        await RunAsync(
            HistoryGen.OfOne, dawdles: false, () => Volatile.Read(ref steps) < Settings.Steps,
            async (subject, history) =>
            {
                var sequence = new Sequence(subject);
                var difference = await sequence.RunAsync(history.First, TestContext.Current.CancellationToken);
                Interlocked.Add(ref steps, sequence.Steps);
                Interlocked.Add(ref met, sequence.View.Met);
                Interlocked.Increment(ref histories);
                return difference;
            });

        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{steps} steps in {histories} histories, in which {met} jobs met an equal one, 0 differences (seed {Settings.Seed})."));
        Assert.InRange(met, steps / 50, int.MaxValue);
    }

    [Fact]
    public async Task What_several_clients_do_at_the_same_time_is_explained_by_some_order()
    {
        var histories = 0;
        var calls = 0;
        var overlapping = 0;

        await RunAsync(
            HistoryGen.OfSeveral, dawdles: true, () => Volatile.Read(ref histories) < Settings.Histories,
            async (subject, history) =>
            {
                var concurrency = new Concurrency(subject);
                var difference = await concurrency.RunAsync(history, TestContext.Current.CancellationToken);
                Interlocked.Increment(ref histories);
                Interlocked.Add(ref calls, concurrency.Calls.All);
                Interlocked.Add(ref overlapping, concurrency.Calls.Overlapping);
                return difference;
            });

        output.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{histories} histories of several clients, {overlapping} of their {calls} calls at the same time as another's, 0 without an explanation (seed {Settings.Seed})."));
        Assert.InRange(overlapping, calls / 4, calls);
    }

    [Fact]
    public async Task Every_column_is_compared_but_for_those_named_here()
    {
        await using var subject = await Subject.StartAsync(TestContext.Current.CancellationToken);

        var unread = await subject.UnreadColumnsAsync();

        Assert.Equal(
            [
                // The histories have no open batches, no batches in batches, and cancel none; what the last change told is in the callbacks.
                "batch_callbacks.is_named", "batch_callbacks.max_attempts", "batch_callbacks.priority", "batch_callbacks.queue",
                "batches.cancel_requested_at", "batches.changed_at", "batches.checked_at", "batches.counted_at", "batches.expires_at",
                "batches.is_callback_named", "batches.is_cancelled_on_expiry", "batches.metadata", "batches.open_for", "batches.parent",
                "batches.swept_at", "batches.telling", "batches.watched_until",
                "jobs.args_bytes",
            ],
            unread.Order(StringComparer.Ordinal));
    }

    static async Task RunAsync(Gen<History> generator, bool dawdles, Func<bool> goesOn, Func<Subject, History, Task<string?>> run)
    {
        var random = new PCG(Settings.Seed, 0);
        var generating = new Lock();
        await Task.WhenAll(Enumerable.Range(0, Databases).Select(_ => Task.Run(
            async () =>
            {
                await using var subject = await Subject.StartAsync(TestContext.Current.CancellationToken);
                if (dawdles)
                    await subject.DawdleAsync();
                while (goesOn())
                {
                    History history;
                    lock (generating)
                        history = generator.Generate(random, null, out var _);
                    if (await run(subject, history) is { } difference)
                        await new Shrinker(candidate => run(subject, candidate)).FailAsync(history, difference);
                }
            },
            TestContext.Current.CancellationToken)));
    }
}
