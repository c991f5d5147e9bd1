using System.Collections.Immutable;
using System.Runtime.CompilerServices;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Jobs.Generators.Caching;

/// <summary>Which files of a compilation the symbols of a file can depend on, found by names alone: nothing is bound.</summary>
/// <remarks>
/// A file depends on each file that declares a type with a name that occurs in it, and on what that one depends on: too many rather than too
/// few. What a name means can also change with the namespaces there are, with the references and with the options; these are
/// <see cref="Surroundings"/>.
/// </remarks>
sealed class SourceMap
{
    static readonly ConditionalWeakTable<Compilation, SourceMap> Known = new();

    readonly Dictionary<SyntaxTree, int> _places = [];
    readonly List<SyntaxTree> _trees = [];
    readonly List<int> _reachingAll = [];

    // Without regard to case: the files emitted for two names that differ in it alone need different names.
    readonly Dictionary<string, List<int>> _declaring = new(StringComparer.OrdinalIgnoreCase);
    readonly HashSet<string> _globalAliases = new(StringComparer.Ordinal);
    readonly int[]?[] _direct;

    SourceMap(Compilation compilation, CancellationToken cancellationToken)
    {
        var namespaces = new SortedSet<string>(StringComparer.Ordinal);
        foreach (var tree in compilation.SyntaxTrees)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var outline = SourceOutline.Of(tree, cancellationToken);
            foreach (var name in outline.Declared)
                PlacesOf(name).Add(_trees.Count);
            if (outline.ReachesAllFiles)
            {
                _reachingAll.Add(_trees.Count);
                _globalAliases.UnionWith(outline.Aliases);
            }

            namespaces.UnionWith(outline.Namespaces);
            _places.Add(tree, _trees.Count);
            _trees.Add(tree);
        }

        _reachingAll.AddRange(_trees.Select((tree, place) => (tree, place))
            .Where(file => HasSerializerContext(SourceOutline.Of(file.tree, cancellationToken))).Select(static file => file.place));
        _direct = new int[]?[_trees.Count];
        Surroundings = new Surroundings(string.Join("\n", namespaces), compilation.AssemblyName, compilation.Options, [.. compilation.References]);
    }

    public static SourceMap Of(Compilation compilation, CancellationToken cancellationToken) =>
        Known.TryGetValue(compilation, out var map) ? map : Known.GetValue(compilation, compilation => new SourceMap(compilation, cancellationToken));

    public Surroundings Surroundings { get; }

    public bool Contains(SyntaxTree tree) => _places.ContainsKey(tree);

    /// <summary>Whether one of the type's attributes could be the one of that short name, by its name or by that of an alias.</summary>
    public bool CouldHave(string attribute, TypeDeclarationSyntax type, CancellationToken cancellationToken)
    {
        var aliases = SourceOutline.Of(type.SyntaxTree, cancellationToken).Aliases;
        return type.AttributeLists.SelectMany(static list => list.Attributes).Any(
            used => SourceOutline.LastName(used.Name) is var name && (name == attribute || name == attribute + "Attribute" || aliases.Contains(name) || _globalAliases.Contains(name)));
    }

    /// <summary>What the file, and all that it depends on, declares; in the order of the files.</summary>
    public Declarations[] DependenciesOf(SyntaxTree tree, CancellationToken cancellationToken)
    {
        var reached = new List<int> { _places[tree] };
        var isReached = new HashSet<int>(reached);
        for (var next = 0; next < reached.Count; next++)
            reached.AddRange(DirectlyFrom(reached[next], cancellationToken).Where(isReached.Add));
        reached.Sort();
        return [.. reached.Select(place => Declarations.Of(_trees[place], cancellationToken))];
    }

    int[] DirectlyFrom(int place, CancellationToken cancellationToken) => _direct[place] ??=
    [
        .. Declarations.Of(_trees[place], cancellationToken).Names
            .SelectMany(name => _declaring.TryGetValue(name, out var places) ? places : [])
            .Concat(_reachingAll)
            .Distinct(),
    ];

    // A context is looked for by what it covers, and the members that need it do not name it.
    bool HasSerializerContext(SourceOutline outline) =>
        outline.Bases.Any(name => name == "JsonSerializerContext" || outline.Aliases.Contains(name) || _globalAliases.Contains(name));

    List<int> PlacesOf(string name)
    {
        if (!_declaring.TryGetValue(name, out var places))
            _declaring.Add(name, places = []);
        return places;
    }
}

/// <summary>What the names in every file depend on, besides what the files declare.</summary>
sealed record Surroundings(string Namespaces, string? Assembly, CompilationOptions Options, ImmutableArray<MetadataReference> References)
{
    public bool Equals(Surroundings? other) => ReferenceEquals(this, other) || (other is not null &&
        Namespaces == other.Namespaces && Assembly == other.Assembly && Options.Equals(other.Options) && References.SequenceEqual(other.References));

    public override int GetHashCode() => Namespaces.GetHashCode();
}
