using System.Runtime.CompilerServices;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Jobs.Generators;

/// <summary>The serializer contexts that a program has, by the types that they cover.</summary>
/// <remarks>Looked for only where a member needs one, and once in each compilation.</remarks>
static class SerializerContexts
{
    static readonly ConditionalWeakTable<Compilation, Dictionary<ITypeSymbol, INamedTypeSymbol>> Known = new();

    /// <summary>The context that is marked <c>[JsonSerializable(typeof(…))]</c> for the type: the program's own, else one beside the type.</summary>
    public static INamedTypeSymbol? Find(Compilation compilation, ITypeSymbol type)
    {
        var wanted = type.WithNullableAnnotation(NullableAnnotation.None);
        if (Known.GetValue(compilation, static compilation => CoveredBy(compilation.Assembly, compilation)).TryGetValue(wanted, out var context))
            return context;
        return SymbolEqualityComparer.Default.Equals(type.ContainingAssembly, compilation.Assembly) || type.ContainingAssembly is not { } elsewhere || IsFramework(elsewhere)
            ? null
            : CoveredBy(elsewhere, compilation).TryGetValue(wanted, out context) ? context : null;
    }

    static bool IsFramework(IAssemblySymbol assembly) => assembly.Name.StartsWith("System.", StringComparison.Ordinal) || assembly.Name is "mscorlib" or "netstandard";

    static Dictionary<ITypeSymbol, INamedTypeSymbol> CoveredBy(IAssemblySymbol assembly, Compilation compilation)
    {
        var covered = new Dictionary<ITypeSymbol, INamedTypeSymbol>(SymbolEqualityComparer.Default);
        foreach (var context in TypesOf(assembly.GlobalNamespace).Where(IsContext))
        {
            if (!compilation.IsSymbolAccessibleWithin(context, compilation.Assembly) || !Types.IsVisibleInside(context))
                continue;
            var attributes = context.GetAttributes();
            if (attributes.Any(OnlyWrites))
                continue;
            foreach (var attribute in attributes)
            {
                if (attribute is { AttributeClass.Name: "JsonSerializableAttribute", ConstructorArguments: [{ Value: ITypeSymbol type }] } &&
                    !OnlyWrites(attribute) && !covered.ContainsKey(type))
                    covered.Add(type, context);
            }
        }

        return covered;
    }

    static bool IsContext(INamedTypeSymbol type) =>
        type is { TypeKind: TypeKind.Class, IsAbstract: false, BaseType.Name: "JsonSerializerContext" } &&
        type.BaseType.ContainingNamespace.ToDisplayString() == "System.Text.Json.Serialization" &&
        type.Arity == 0 && IsWhole(type);

    // JsonSourceGenerationMode.Serialization is 2: such a context has nothing to read with.
    static bool OnlyWrites(AttributeData attribute) =>
        attribute.NamedArguments.Any(static argument => argument is { Key: "GenerationMode", Value.Value: 2 });

    // The other part of a context is written by the serializer's generator, and only where there can be one.
    static bool IsWhole(INamedTypeSymbol? type)
    {
        for (; type is not null; type = type.ContainingType)
        {
            if (!type.DeclaringSyntaxReferences.All(static reference =>
                    reference.GetSyntax() is TypeDeclarationSyntax syntax && syntax.Modifiers.Any(SyntaxKind.PartialKeyword)))
                return false;
        }

        return true;
    }

    static IEnumerable<INamedTypeSymbol> TypesOf(INamespaceOrTypeSymbol container)
    {
        foreach (var member in container.GetMembers())
        {
            if (member is INamedTypeSymbol type)
                yield return type;
            if (member is INamespaceOrTypeSymbol inner)
            {
                foreach (var nested in TypesOf(inner))
                    yield return nested;
            }
        }
    }
}
