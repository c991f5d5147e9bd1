using Jobs.Store;

namespace Jobs.Maintenance;

/// <summary>A way along what has ended, from the oldest, in steps. Each turn goes on where the last one stopped.</summary>
/// <param name="step">Looks at so many behind a mark, and deletes what is not kept.</param>
sealed class PruneWalk(Func<WalkMark, int, CancellationToken, Task<PruneResult>> step)
{
    WalkMark _mark = WalkMark.Start;

    public void BeginAnew() => _mark = WalkMark.Start;

    /// <returns>How many were deleted.</returns>
    public async Task<long> GoOnAsync(int chunk, Action beforeChunk, CancellationToken cancellationToken)
    {
        long pruned = 0;
        while (true)
        {
            beforeChunk();
            var result = await step(_mark, chunk, cancellationToken).ConfigureAwait(false);
            pruned += result.Pruned;

            // The last of them are looked at again: what ended at the same time may have been committed later.
            if (result.Seen < chunk)
                return pruned;
            _mark = result.Last;
        }
    }
}
