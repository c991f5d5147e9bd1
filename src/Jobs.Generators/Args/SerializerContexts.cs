using System.Runtime.CompilerServices;
using Microsoft.CodeAnalysis;

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
            foreach (var attribute in context.GetAttributes())
            {
                if (attribute.AttributeClass is { Name: "JsonSerializableAttribute" } && attribute.ConstructorArguments is [{ Value: ITypeSymbol type }] && !covered.ContainsKey(type))
                    covered.Add(type, context);
            }
        }

        return covered;
    }

    static bool IsContext(INamedTypeSymbol type) =>
        type is { TypeKind: TypeKind.Class, IsAbstract: false, BaseType.Name: "JsonSerializerContext" } &&
        type.BaseType.ContainingNamespace.ToDisplayString() == "System.Text.Json.Serialization";

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
