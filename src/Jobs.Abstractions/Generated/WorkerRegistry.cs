using System.ComponentModel;
using System.Diagnostics.CodeAnalysis;

namespace Jobs.Generated;

/// <summary>The workers that a host knows, by the names under which their jobs are stored.</summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public sealed class WorkerRegistry
{
    readonly Dictionary<string, WorkerDefinition> _workers = new(StringComparer.Ordinal);

    /// <summary>The names of the workers and their aliases, in ordinal order: the jobs stored under any of them can run here.</summary>
    public IReadOnlyList<string> Names => [.. _workers.Keys.Order(StringComparer.Ordinal)];

    /// <summary>Adds a worker. Adding the same worker again changes nothing.</summary>
    /// <exception cref="InvalidOperationException">Another worker has the same name, or one of the names is an alias of another.</exception>
    public void Add<TWorker>()
        where TWorker : IGeneratedWorker => Add(TWorker.Definition);

    /// <summary>Finds the worker that runs the jobs stored under <paramref name="name"/>, which is its name or an alias.</summary>
    public bool TryGet(string name, [NotNullWhen(true)] out WorkerDefinition? worker) => _workers.TryGetValue(name, out worker);

    void Add(WorkerDefinition worker)
    {
        string[] names = [worker.Name, .. worker.Aliases];
        foreach (var name in names)
        {
            if (_workers.TryGetValue(name, out var other) && other != worker)
                throw new InvalidOperationException(
                    $"Two workers run the jobs stored under \"{name}\", so such a job could run either: one is named \"{other.Name}\", the other \"{worker.Name}\". " +
                    "Give one of them another name with [Worker(Name = \"…\")], or take the name out of the Aliases of one.");
        }

        foreach (var name in names)
            _workers[name] = worker;
    }
}
