using Microsoft.CodeAnalysis;

namespace Jobs.Generators;

/// <summary>The args records that the store makes when something has come about in a batch.</summary>
static class Callbacks
{
    /// <summary>The name of the member that holds what the caller gave the batch.</summary>
    public const string Metadata = "Metadata";

    /// <summary>The callback that the record is, such as "BatchComplete", whatever its metadata; <see langword="null"/> if it is none.</summary>
    /// <remarks>A record of the user's that derives from the same base is none.</remarks>
    public static string? KindOf(ITypeSymbol args) =>
        args.BaseType is { Arity: 1 } callback && Types.IsDefinedAs(callback, KnownNames.BatchCallback) &&
        SymbolEqualityComparer.Default.Equals(args.ContainingAssembly, callback.ContainingAssembly) ? args.Name : null;

    /// <summary>The type that a callback has its metadata as, without its nullability; <see langword="null"/> if it has plain JSON, or is none.</summary>
    public static ITypeSymbol? MetadataOf(ITypeSymbol? args) => args is INamedTypeSymbol { TypeArguments: [var metadata] } && KindOf(args) is not null
        ? metadata is INamedTypeSymbol { OriginalDefinition.SpecialType: SpecialType.System_Nullable_T, TypeArguments: [var inner] } ? inner : metadata.WithNullableAnnotation(NullableAnnotation.NotAnnotated)
        : null;
}
