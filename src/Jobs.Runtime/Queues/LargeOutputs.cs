using Jobs.Store;

namespace Jobs.Queues;

/// <summary>Bounds the memory of outcomes that wait to be stored: an output may have 1 MiB, and fewer of the large ones may wait.</summary>
sealed class LargeOutputs
{
    const int Large = 16 * 1024;
    const int Capacity = 64;

    readonly SemaphoreSlim _places = new(Capacity);

    public static bool Has(Acknowledgement outcome) => outcome.Output is { Json.Length: > Large };

    /// <summary>Takes a place for an outcome that <see cref="Has"/> one, when there is one.</summary>
    public Task EnterAsync() => _places.WaitAsync();

    /// <summary>Frees the places of outcomes that were written, but for those of them that wait on.</summary>
    public void Leave(List<Acknowledgement> written, List<Acknowledgement> waiting)
    {
        if (written.Count(Has) - waiting.Count(Has) is > 0 and var left)
            _places.Release(left);
    }
}
