using Microsoft.CodeAnalysis;

namespace Jobs.Generators;

/// <summary>Which methods of a worker run jobs, and which of their parameters is the args.</summary>
static class PerformMethods
{
    /// <summary>The worker's own perform methods, then those of its base classes, the nearest first.</summary>
    /// <remarks>An override stands for what it overrides, whichever of them is marked. A method that is hidden from the worker is left out.</remarks>
    public static IEnumerable<IMethodSymbol> Of(INamedTypeSymbol worker, Compilation compilation)
    {
        var overridden = new HashSet<ISymbol>(SymbolEqualityComparer.Default);
        foreach (var method in Classes(worker).SelectMany(static type => type.GetMembers().OfType<IMethodSymbol>()).Where(CanBeMarked))
        {
            if (method.OverriddenMethod is not null)
                overridden.Add(method.OverriddenMethod);
            if (!overridden.Contains(method) && IsMarked(method) && !IsHidden(method, worker, compilation))
                yield return method;
        }
    }

    // The compiler refuses the attribute on the others, and a method without its return type is a constructor.
    static bool CanBeMarked(IMethodSymbol method) =>
        method.MethodKind is not (MethodKind.Constructor or MethodKind.StaticConstructor or MethodKind.Destructor);

    /// <summary>Whether the compiler has reported what may become a perform method: an attribute or a base class that it does not know, or a mark in the wrong place.</summary>
    public static bool MayBeUnfinished(INamedTypeSymbol worker) =>
        Classes(worker).Any(static type => Types.IsUnknown(type) || type.GetMembers().Any(static member =>
            member.GetAttributes().Any(static attribute => attribute.AttributeClass is null or { TypeKind: TypeKind.Error }) ||
            (Types.Has(member, KnownNames.PerformAttribute) && (member is not IMethodSymbol method || !CanBeMarked(method)))));

    /// <summary>Whether the method, or one that it overrides, is marked.</summary>
    public static bool IsMarked(IMethodSymbol method) =>
        Types.Has(method, KnownNames.PerformAttribute) || (method.OverriddenMethod is not null && IsMarked(method.OverriddenMethod));

    /// <summary>The overload of a nearer class that a call with these arguments would reach instead of the inherited method.</summary>
    public static IMethodSymbol? Captor(IMethodSymbol method, INamedTypeSymbol worker, Compilation compilation) =>
        Nearer(method, worker, compilation).OfType<IMethodSymbol>().FirstOrDefault(overload => Takes(overload, method, compilation));

    /// <summary>Whether the class has another method of this signature, so that the compiler refuses them, and every call.</summary>
    public static bool IsDeclaredTwice(IMethodSymbol method) =>
        method.ContainingType.GetMembers(method.Name).OfType<IMethodSymbol>()
            .Any(other => !SymbolEqualityComparer.Default.Equals(other, method) && HasSignatureOf(other, method));

    /// <summary>Whether one stands where the other is declared again or overridden, so that something else is said of them already.</summary>
    public static bool IsSame(IMethodSymbol method, IMethodSymbol other) => method.Name == other.Name && HasSignatureOf(method, other);

    static bool IsHidden(IMethodSymbol method, INamedTypeSymbol worker, Compilation compilation) =>
        Nearer(method, worker, compilation).Any(member => member is not IMethodSymbol other || HasSignatureOf(other, method));

    /// <summary>The members of the method's name that classes nearer to the worker declare anew, as far as the worker sees them.</summary>
    static IEnumerable<ISymbol> Nearer(IMethodSymbol method, INamedTypeSymbol worker, Compilation compilation) =>
        Classes(worker)
            .TakeWhile(type => !SymbolEqualityComparer.Default.Equals(type, method.ContainingType))
            .SelectMany(type => type.GetMembers(method.Name))
            .Where(member => !member.IsOverride && compilation.IsSymbolAccessibleWithin(member, worker));

    static bool HasSignatureOf(IMethodSymbol method, IMethodSymbol other) =>
        method.Arity == other.Arity && method.Parameters.Length == other.Parameters.Length &&
        method.Parameters.Zip(other.Parameters, static (own, its) =>
            SymbolEqualityComparer.Default.Equals(own.Type, its.Type) && own.RefKind is RefKind.None == its.RefKind is RefKind.None).All(static same => same);

    static bool Takes(IMethodSymbol overload, IMethodSymbol method, Compilation compilation)
    {
        var given = method.Parameters.Length;
        return overload.Parameters.Skip(given).All(static rest => rest.IsOptional || rest.IsParams) &&
            (overload.Parameters.Length >= given || overload.Parameters.LastOrDefault() is { IsParams: true }) &&
            (overload.IsGenericMethod || method.Parameters.Zip(overload.Parameters, (own, its) =>
                its.IsParams || compilation.HasImplicitConversion(own.Type, its.Type)).All(static converts => converts));
    }

    /// <summary>The worker and its base classes, the nearest first, without <see cref="object"/>.</summary>
    public static IEnumerable<INamedTypeSymbol> Classes(INamedTypeSymbol worker)
    {
        for (var type = worker; type is not null && type.SpecialType is not SpecialType.System_Object; type = type.BaseType)
            yield return type;
    }

    // Args

    /// <summary>The parameter that is the args: a record; where there is none, the first of a class that holds data.</summary>
    /// <remarks>None while a parameter before that class may turn out to be the args.</remarks>
    public static IParameterSymbol? Args(IMethodSymbol method) =>
        method.Parameters.FirstOrDefault(IsRecord) ?? method.Parameters.FirstOrDefault(static parameter => IsDataClass(parameter) || IsUnfinished(parameter)) switch
        {
            { } first when IsDataClass(first) => first,
            _ => null,
        };

    /// <summary>Whether nobody can tell yet what the parameter is: its type is unknown, or a class that cannot be parsed.</summary>
    public static bool IsUnfinished(IParameterSymbol parameter) =>
        Types.IsUnknown(parameter.Type) || (parameter.Type is INamedTypeSymbol { TypeKind: TypeKind.Class } type && Unfinished.Is(type, default));

    /// <summary>Whether a parameter can be nothing but args.</summary>
    public static bool IsRecord(IParameterSymbol parameter) =>
        parameter.Type is INamedTypeSymbol { IsRecord: true } && !OfTheJob(parameter.Type) && !IsKeyed(parameter);

    public static bool OfTheJob(ITypeSymbol type) =>
        Types.Is(type, KnownNames.JobContext) || Types.Is(type, KnownNames.BatchRef) || Types.Is(type, KnownNames.CancellationToken);

    static bool IsDataClass(IParameterSymbol parameter) =>
        parameter.Type is INamedTypeSymbol { TypeKind: TypeKind.Class, IsAbstract: false, IsStatic: false, SpecialType: SpecialType.None } type &&
        !OfTheJob(type) && !IsKeyed(parameter) && !Types.IsOfTheFramework(type) && !IsDisposable(type) &&
        Classes(type).SelectMany(static type => type.GetMembers().OfType<IPropertySymbol>())
            .Any(static property => property is { DeclaredAccessibility: Accessibility.Public, IsStatic: false, IsIndexer: false });

    static bool IsKeyed(IParameterSymbol parameter) => Types.Has(parameter, KnownNames.FromKeyedServicesAttribute);

    static bool IsDisposable(INamedTypeSymbol type) => type.AllInterfaces.Any(static contract =>
        contract.SpecialType is SpecialType.System_IDisposable || Types.Is(contract, KnownNames.AsyncDisposable));
}
