using Microsoft.CodeAnalysis;

namespace Jobs.Generators;

/// <summary>What the compiler says against code that names certain symbols: that they are obsolete, or experimental.</summary>
sealed class Cautions
{
    readonly SortedSet<string> _ids = new(StringComparer.Ordinal);
    // By definition: a generic type may lead to ever larger ones of itself.
    readonly HashSet<ISymbol> _seen = new(SymbolEqualityComparer.Default);

    /// <summary>The warnings that an emitted file would get, in ordinal order.</summary>
    public IEnumerable<string> Ids => _ids;

    /// <summary>Adds a symbol that emitted code names, with the types in its name.</summary>
    /// <returns>What is obsolete as an error, which no code may name; <see langword="null"/> if nothing is.</returns>
    public ISymbol? Name(ISymbol symbol) => Named(symbol).Aggregate((ISymbol?)null, (forbidden, named) => Caution(named) ? forbidden ?? named : forbidden);

    /// <summary>Adds what a reader and a writer of an args type name: it, its members and their types.</summary>
    /// <returns>What is obsolete as an error; <see langword="null"/> if nothing is.</returns>
    public ISymbol? NameArgs(ITypeSymbol args)
    {
        var forbidden = Name(args);
        foreach (var type in Data(args).Where(type => type.SpecialType is SpecialType.None && _seen.Add(type.OriginalDefinition)))
            forbidden ??= type.TypeKind is TypeKind.Enum ? NameConstants(type) : NameMembers(type);
        return forbidden;
    }

    ISymbol? NameConstants(INamedTypeSymbol type)
    {
        foreach (var constant in type.GetMembers().OfType<IFieldSymbol>())
            Name(constant);
        return null;
    }

    ISymbol? NameMembers(INamedTypeSymbol type)
    {
        if (Types.IsOfTheFramework(type))
            return null;

        ISymbol? forbidden = null;
        var constructors = type.InstanceConstructors
            .Where(constructor => constructor.DeclaredAccessibility is Accessibility.Public or Accessibility.Internal && !IsCopy(constructor))
            .ToList();
        foreach (var constructor in constructors)
        {
            var caution = Name(constructor);
            if (constructors.Count == 1 || Types.IsPrimary(constructor, default))
                forbidden ??= caution;
        }

        for (var declaring = type; declaring is { SpecialType: SpecialType.None }; declaring = declaring.BaseType)
        {
            foreach (var property in declaring.GetMembers().OfType<IPropertySymbol>().Where(IsStored))
                forbidden ??= Name(property) ?? NameAccessors(property) ?? NameArgs(property.Type);
        }

        return forbidden;

        bool IsStored(IPropertySymbol property) =>
            property is { DeclaredAccessibility: Accessibility.Public, IsStatic: false, IsIndexer: false } &&
            !Types.Has(property, KnownNames.JsonIgnoreAttribute) &&
            (property.SetMethod is not null || constructors.Any(constructor => constructor.Parameters.Any(parameter =>
                string.Equals(parameter.Name, property.Name, StringComparison.OrdinalIgnoreCase))));
    }

    ISymbol? NameAccessors(IPropertySymbol property)
    {
        var getter = property.GetMethod is { } get ? Name(get) : null;
        var setter = property.SetMethod is { } set ? Name(set) : null;
        return (getter ?? setter) is null ? null : property;
    }

    static bool IsCopy(IMethodSymbol constructor) =>
        constructor.Parameters is [var only] && SymbolEqualityComparer.Default.Equals(only.Type, constructor.ContainingType);

    /// <summary>The type and its type arguments, or the element of an array.</summary>
    static IEnumerable<INamedTypeSymbol> Data(ITypeSymbol type) => type switch
    {
        IArrayTypeSymbol array => Data(array.ElementType),
        INamedTypeSymbol named => named.TypeArguments.SelectMany(Data).Prepend(named),
        _ => [],
    };

    /// <summary>A type, the types around it and their type arguments; a member and what it overrides.</summary>
    static IEnumerable<ISymbol> Named(ISymbol symbol)
    {
        if (symbol is IArrayTypeSymbol array)
            return Named(array.ElementType);
        if (symbol is ITypeParameterSymbol)
            return [];
        var overridden = symbol switch
        {
            IMethodSymbol { OverriddenMethod: { } method } => Named(method),
            IPropertySymbol { OverriddenProperty: { } property } => Named(property),
            _ => Enumerable.Empty<ISymbol>(),
        };
        return symbol is INamedTypeSymbol type
            ? [type, .. type.ContainingType is { } outer ? Named(outer) : [], .. type.TypeArguments.SelectMany(Named)]
            : [symbol, .. overridden];
    }

    /// <returns>Whether it is obsolete as an error.</returns>
    bool Caution(ISymbol symbol)
    {
        if (Types.Find(symbol, KnownNames.ExperimentalAttribute) is { ConstructorArguments: [{ Value: string experiment }] })
            _ids.Add(experiment);
        if (Types.Find(symbol, KnownNames.ObsoleteAttribute) is not { } obsolete)
            return false;

        var id = obsolete.NamedArguments.FirstOrDefault(static argument => argument.Key == "DiagnosticId").Value;
        if (id is { Kind: TypedConstantKind.Primitive, Value: string own })
            _ids.Add(own);
        else
            _ids.UnionWith(["CS0612", "CS0618"]);
        return obsolete.ConstructorArguments is [_, { Value: true }];
    }
}
