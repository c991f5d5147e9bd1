using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Jobs.Generators;

/// <summary>Where somebody is still typing: the compiler reports the syntax, and whatever else seems wrong there may only follow from it.</summary>
static class Unfinished
{
    /// <summary>Whether a part of the type, or of one around it, cannot be parsed.</summary>
    public static bool Is(INamedTypeSymbol type, CancellationToken cancellationToken) =>
        type.DeclaringSyntaxReferences.Any(reference => IsInType(reference.GetSyntax(cancellationToken)));

    /// <summary>Whether the place is in a type that cannot be parsed.</summary>
    public static bool Is(Location place, CancellationToken cancellationToken) =>
        place.SourceTree is { } tree && IsInType(tree.GetRoot(cancellationToken).FindNode(place.SourceSpan));

    // The outermost type has what is missing: without the brace that ends one type, the next seems to be nested in it.
    static bool IsInType(SyntaxNode node) => node.AncestorsAndSelf().OfType<BaseTypeDeclarationSyntax>().LastOrDefault() is { } outermost && CannotBeParsed(outermost);

    /// <summary>Whether the node has a syntax error. A warning, as of a documentation comment, is none.</summary>
    public static bool CannotBeParsed(SyntaxNode node) =>
        node.ContainsDiagnostics && node.GetDiagnostics().Any(static diagnostic => diagnostic.Severity is DiagnosticSeverity.Error);
}
