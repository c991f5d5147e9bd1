using Jobs.Maintenance;
using Jobs.Store;
using Microsoft.Extensions.Time.Testing;

namespace Jobs.Runtime.Tests.Maintenance;

/// <summary>At what pace old rows go.</summary>
public sealed class PruneWalkTests
{
    const int Chunk = 10;

    static readonly DateTimeOffset Old = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    readonly FakeTimeProvider _time = new();

    [Theory]
    [InlineData(30, 30)]
    [InlineData(60_000, 1_000)]
    public async Task Between_two_steps_it_rests_for_as_long_as_the_last_one_took_and_a_second_at_most(int took, int rests)
    {
        var steps = 0;
        var walk = new PruneWalk((_, _, _) => Step(), _time);

        var walking = walk.GoOnAsync(Chunk, static () => { }, TestContext.Current.CancellationToken);
        _time.Advance(TimeSpan.FromMilliseconds(rests - 1));
        var before = steps;
        _time.Advance(TimeSpan.FromMilliseconds(1));

        Assert.Equal(1, before);
        Assert.Equal(Chunk + 1, await walking.WaitAsync(TimeSpan.FromMinutes(1), TestContext.Current.CancellationToken));
        Assert.Equal(2, steps);

        Task<PruneResult> Step()
        {
            _time.Advance(TimeSpan.FromMilliseconds(took));
            return Task.FromResult(++steps == 1 ? new PruneResult(Chunk, Chunk, new WalkMark(Old, 1)) : new PruneResult(1, 1, new WalkMark(Old, 2)));
        }
    }

    [Fact]
    public async Task A_rest_ends_when_the_node_leads_no_more()
    {
        using var leading = new CancellationTokenSource();
        var walk = new PruneWalk((_, _, _) => Step(), _time);

        var walking = walk.GoOnAsync(Chunk, static () => { }, leading.Token);
        await leading.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => walking.WaitAsync(TimeSpan.FromMinutes(1), TestContext.Current.CancellationToken));

        Task<PruneResult> Step()
        {
            _time.Advance(TimeSpan.FromMilliseconds(30));
            return Task.FromResult(new PruneResult(Chunk, Chunk, new WalkMark(Old, 1)));
        }
    }
}
