using System.Runtime.CompilerServices;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Jobs.Generators.Caching;

/// <summary>What workers came to in an earlier compilation, kept while nothing that they depend on has changed.</summary>
/// <remarks>
/// The compiler asks for each worker again at each keystroke, since any edit could change what it means. To bind a thousand workers and their
/// records takes half a second; to see by <see cref="SourceMap"/> that an edit is none of their business takes some milliseconds. A file that
/// was edited is parsed, and so is each worker that depends on a file with other declarations than before. This holds as long as the parser
/// asks only for symbols that names in the worker's declarations lead to.
/// </remarks>
static class ParsedWorkers
{
    static readonly ConditionalWeakTable<SyntaxNode, Slot> Slots = new();

    /// <summary>What the declaration comes to, from the cache or from the parser; <see langword="null"/> where it is no worker.</summary>
    public static ParsedWorker? Get(GeneratorSyntaxContext context, CancellationToken cancellationToken)
    {
        var node = (TypeDeclarationSyntax)context.Node;
        var map = SourceMap.Of(context.SemanticModel.Compilation, cancellationToken);
        if (!map.CouldHave("Worker", node, cancellationToken))
            return null;

        var dependencies = map.DependenciesOf(node.SyntaxTree, cancellationToken);
        var slot = Slots.GetOrCreateValue(node);
        if (slot.Entry is { } entry && entry.IsValid(map, dependencies))
            return entry.Worker;

        var worker = AttributedType.With(KnownNames.WorkerAttribute, context, cancellationToken) is { } type ? WorkerParser.Parse(type, cancellationToken) : null;
        slot.Entry = new Entry(worker, map.Surroundings, dependencies);
        return worker;
    }

    sealed class Slot
    {
        // One reference, read and written at once whatever other threads do.
        public Entry? Entry { get; set; }
    }

    sealed class Entry(ParsedWorker? worker, Surroundings surroundings, Declarations[] dependencies)
    {
        public ParsedWorker? Worker => worker;

        public bool IsValid(SourceMap map, Declarations[] current) =>
            dependencies.Length == current.Length && surroundings.Equals(map.Surroundings) && AreSame(current) && PlacesAreThere(map);

        bool AreSame(Declarations[] current)
        {
            for (var i = 0; i < current.Length; i++)
            {
                if (!dependencies[i].AreSame(current[i]))
                    return false;
            }

            return true;
        }

        // A comment moves what is wrong in the file of the args, though the file declares the same.
        bool PlacesAreThere(SourceMap map) =>
            worker is null || worker.Locations.All(location => location.SourceTree is null || map.Contains(location.SourceTree));
    }
}
