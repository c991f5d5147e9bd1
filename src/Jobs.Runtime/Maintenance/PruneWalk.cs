using Jobs.Store;

namespace Jobs.Maintenance;

/// <summary>A way along what has ended, from the oldest, in steps. Each turn goes on where the last one stopped.</summary>
/// <remarks>
/// Between two steps it rests for as long as the last one took, a second at most, so that old rows, which are in no hurry, take no more than half of a
/// connection's time from the jobs that run meanwhile.
/// </remarks>
/// <param name="step">Looks at so many behind a mark, and deletes what is not kept.</param>
/// <param name="time">Measures the steps.</param>
sealed class PruneWalk(Func<WalkMark, int, CancellationToken, Task<PruneResult>> step, TimeProvider time)
{
    static readonly TimeSpan LongestRest = TimeSpan.FromSeconds(1);

    WalkMark _mark = WalkMark.Start;

    public void BeginAnew() => _mark = WalkMark.Start;

    /// <returns>How many were deleted.</returns>
    public async Task<long> GoOnAsync(int chunk, Action beforeChunk, CancellationToken cancellationToken)
    {
        long pruned = 0;
        while (true)
        {
            beforeChunk();
            var began = time.GetTimestamp();
            var result = await step(_mark, chunk, cancellationToken).ConfigureAwait(false);
            pruned += result.Pruned;

            // The last of them are looked at again: what ended at the same time may have been committed later.
            if (result.Seen < chunk)
                return pruned;
            _mark = result.Last;
            var took = time.GetElapsedTime(began);
            await Task.Delay(took < LongestRest ? took : LongestRest, time, cancellationToken).ConfigureAwait(false);
        }
    }
}
