using Jobs.Generators.Model;
using Microsoft.CodeAnalysis;

namespace Jobs.Generators;

/// <summary>What the callbacks know of their batches.</summary>
sealed partial class WorkerParser
{
    /// <summary>One <c>Metadata</c> for each type that callbacks have their metadata as.</summary>
    EquatableArray<MetadataModel> ParseMetadata(IEnumerable<(ArgsShape Shape, INamedTypeSymbol Args)> performs)
    {
        var seen = new HashSet<ITypeSymbol>(SymbolEqualityComparer.Default);
        var models = new List<MetadataModel>();
        foreach (var (shape, args) in performs)
        {
            if (Callbacks.MetadataOf(args) is not { } type || !CanTake(type) || !seen.Add(type))
                continue;
            var value = shape.Metadata;
            models.Add(new MetadataModel(
                Modifiers("Metadata", type, static args => Callbacks.MetadataOf(args)), value?.Type ?? type.ToDisplayString(Types.QualifiedWithNullability), value?.Id));
        }

        return models.ToEquatableArray();
    }

    bool CanTake(ITypeSymbol type) => !Types.IsUnknown(type) && Types.IsVisibleInside(type) && _compilation.IsSymbolAccessibleWithin(type, _compilation.Assembly);
}
