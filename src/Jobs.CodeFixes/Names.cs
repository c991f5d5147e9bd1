using System.Linq;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Jobs.CodeFixes;

/// <summary>Types as a person would write them at some place in a file.</summary>
static class Names
{
    const string AttributeSuffix = "Attribute";

    /// <summary><c>Perform</c> where <c>Jobs</c> is imported, else <c>global::Jobs.Perform</c>.</summary>
    public static string AttributeAt(SemanticModel model, int position, string space, string name)
    {
        var isInScope = IsInScope(model, position, space, name + AttributeSuffix) &&
            model.LookupNamespacesAndTypes(position, name: name).IsEmpty;
        return isInScope ? name : $"global::{space}.{name}";
    }

    /// <summary><c>Task</c> where its namespace is imported, else its full name.</summary>
    public static string TypeAt(SemanticModel model, int position, string space, string name) =>
        IsInScope(model, position, space, name) ? name : $"global::{space}.{name}";

    public static bool Is(ITypeSymbol type, string space, string name) =>
        type.Name == name && type.ContainingType is null && type.ContainingNamespace.ToDisplayString() == space;

    /// <summary>The attribute of that type in the declaration, as it is written there.</summary>
    public static AttributeSyntax? Find(MemberDeclarationSyntax declaration, SemanticModel model, string space, string name) =>
        declaration.AttributeLists.SelectMany(static list => list.Attributes).FirstOrDefault(
            attribute => model.GetTypeInfo(attribute).Type is { } type && Is(type, space, name + AttributeSuffix));

    static bool IsInScope(SemanticModel model, int position, string space, string name)
    {
        var found = model.LookupNamespacesAndTypes(position, name: name).OfType<INamedTypeSymbol>().Where(static type => type.Arity == 0).ToList();
        return found.Count == 1 && Is(found[0], space, name);
    }
}
