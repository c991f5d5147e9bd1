namespace Jobs;

/// <summary>All middleware around an enqueue, the outermost first.</summary>
sealed class EnqueueMiddleware(IEnumerable<IEnqueueMiddleware> all)
{
    readonly IEnqueueMiddleware[] _all = [.. all];

    public bool IsEmpty => _all.Length == 0;

    /// <summary>Stores the jobs of a call through all middleware.</summary>
    /// <exception cref="InvalidOperationException">A middleware neither let the enqueue go on nor threw, or let it go on twice.</exception>
    public async Task<T> RunAsync<T>(EnqueueContext context, Func<EnqueueContext, CancellationToken, Task<T>> store, CancellationToken cancellationToken)
    {
        var result = default(T);
        var isStored = false;
        await NextAsync(0, cancellationToken).ConfigureAwait(false);
        return isStored ? result! : throw new InvalidOperationException("An enqueue middleware did not call next, so nothing was stored. To refuse an enqueue, throw.");

        async Task NextAsync(int index, CancellationToken token)
        {
            if (index < _all.Length)
            {
                var isCalled = false;
                await _all[index].EnqueueAsync(context, Once, token).ConfigureAwait(false);

                Task Once(CancellationToken next)
                {
                    if (isCalled)
                        throw new InvalidOperationException($"The enqueue middleware {_all[index].GetType()} called next twice. The jobs can be stored once.");
                    isCalled = true;
                    return NextAsync(index + 1, next);
                }
            }
            else
            {
                result = await store(context, token).ConfigureAwait(false);
                isStored = true;
            }
        }
    }
}
