using System.Collections.Immutable;
using Microsoft.CodeAnalysis;

namespace Jobs.Generators.Diagnostics;

/// <summary>A name under which a worker's jobs are stored, and where it is declared.</summary>
sealed record WorkerName(string Name, bool IsAlias, string Class, Location Location);

/// <summary>Finds workers of the assembly whose jobs could not be told apart by name.</summary>
static class DuplicateNames
{
    public static IEnumerable<Diagnostic> Find(ImmutableArray<WorkerName> names) =>
        from name in names
        group name by name.Name into same
        let first = same.First()
        from other in same.Skip(1)
        select Diagnostic.Create(JobDiagnostics.DuplicateName, other.Location, first.Class, other.Class, other.Name, Advice(first, other));

    static string Advice(WorkerName first, WorkerName other) =>
        (other.IsAlias ? other : first.IsAlias ? first : null) is { } alias
            ? $"Take it out of the Aliases of {alias.Class}."
            : "Give one of them another name: [Worker(Name = \"…\")].";
}
