using System.Collections.Immutable;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Jobs.Generators;

/// <summary>A declaration of a type that has an attribute, as <c>ForAttributeWithMetadataName</c> gives it.</summary>
/// <param name="TargetSymbol">The type.</param>
/// <param name="TargetNode">The part of it that has the attribute.</param>
/// <param name="Attributes">The attribute, as it stands on that part.</param>
/// <param name="SemanticModel">The model of that part's file.</param>
sealed record AttributedType(INamedTypeSymbol TargetSymbol, TypeDeclarationSyntax TargetNode, ImmutableArray<AttributeData> Attributes, SemanticModel SemanticModel)
{
    /// <summary>The type, if the attribute stands on this very declaration.</summary>
    public static AttributedType? With(string attribute, GeneratorSyntaxContext context, CancellationToken cancellationToken)
    {
        var node = (TypeDeclarationSyntax)context.Node;
        if (context.SemanticModel.GetDeclaredSymbol(node, cancellationToken) is not { } type)
            return null;
        ImmutableArray<AttributeData> attributes =
        [
            .. type.GetAttributes().Where(data => Types.Is(data.AttributeClass, attribute) &&
                data.ApplicationSyntaxReference is { } reference && reference.SyntaxTree == node.SyntaxTree && node.Span.Contains(reference.Span)),
        ];
        return attributes.IsEmpty ? null : new AttributedType(type, node, attributes, context.SemanticModel);
    }
}
