using System.ComponentModel;
using System.Diagnostics.CodeAnalysis;

namespace Jobs.Generated;

/// <summary>The workers that a host knows, by the names under which their jobs are stored.</summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public sealed class WorkerRegistry
{
    readonly Dictionary<string, WorkerDefinition> _workers = new(StringComparer.Ordinal);

    /// <summary>The names of the workers, in ordinal order.</summary>
    public IReadOnlyList<string> Names => [.. _workers.Keys.Order(StringComparer.Ordinal)];

    /// <summary>Adds a worker. Adding the same worker again changes nothing.</summary>
    /// <exception cref="InvalidOperationException">Another worker has the same name.</exception>
    public void Add<TWorker>()
        where TWorker : IGeneratedWorker => Add(TWorker.Definition);

    /// <summary>Finds the worker that runs the jobs stored under <paramref name="name"/>.</summary>
    public bool TryGet(string name, [NotNullWhen(true)] out WorkerDefinition? worker) => _workers.TryGetValue(name, out worker);

    void Add(WorkerDefinition worker)
    {
        if (!_workers.TryAdd(worker.Name, worker) && _workers[worker.Name] != worker)
            throw new InvalidOperationException(
                $"Two workers are named \"{worker.Name}\", so a stored job could run either. Give one of them another name: [Worker(Name = \"…\")].");
    }
}
