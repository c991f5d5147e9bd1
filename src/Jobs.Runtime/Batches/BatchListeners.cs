using Jobs.Generated;
using Jobs.Store;

namespace Jobs;

/// <summary>Who is told of a batch: those whom the caller named, and for the other kinds the only worker among the members that performs them.</summary>
sealed class BatchListeners(IReadOnlyList<BatchListener> named)
{
    static readonly IReadOnlyList<BatchCallbacks> Kinds = [.. Enum.GetValues<BatchCallbacks>().Where(static kind => kind is not BatchCallbacks.None)];

    readonly HashSet<WorkerDefinition> _found = [];

    /// <summary>A member has come.</summary>
    public void Meet(WorkerDefinition worker)
    {
        if (worker.Callbacks is not BatchCallbacks.None)
            _found.Add(worker);
    }

    /// <exception cref="InvalidOperationException">Two workers were found for a kind.</exception>
    public IReadOnlyList<BatchListener> Choose(string call) => [.. named, .. Found(call)];

    /// <summary>Those who were found for kinds for which nobody was named.</summary>
    /// <exception cref="InvalidOperationException">Two workers were found for a kind.</exception>
    IEnumerable<BatchListener> Found(string call)
    {
        foreach (var kind in Kinds.Where(kind => !named.Any(listener => listener.Kind == kind)))
        {
            var workers = _found.Where(worker => worker.Callbacks.HasFlag(kind)).ToList();
            if (workers.Count > 1)
                throw Ambiguous(kind, workers.Select(static worker => worker.Name), $"{call}(id, jobs, batch => batch.On{kind}<ThatWorker>())");
            if (workers is [var only])
                yield return new BatchListener(kind, only.Name, only.Queue, only.Priority, only.MaxAttempts, IsNamed: false);
        }
    }

    public static InvalidOperationException Ambiguous(BatchCallbacks kind, IEnumerable<string> workers, string call) => new(
        $"The workers {string.Join(" and ", workers.Order(StringComparer.Ordinal))} could each get the batch's Batch{kind}. Name the one that should: {call}. Nothing was stored.");
}
