using System.Globalization;
using Jobs.Generators.Diagnostics;
using Jobs.Generators.Model;
using Microsoft.CodeAnalysis;

namespace Jobs.Generators;

/// <summary>How the worker is made: its constructor, its required members, and the services that they and the perform methods take.</summary>
sealed partial class WorkerParser
{
    ConstructionModel? ParseConstruction()
    {
        var before = _diagnostics.Count;
        if (ChooseConstructor() is not { } constructor)
            return null;

        if (!IsTyped(constructor))
            return null;
        if (_cautions.Name(constructor) is not null)
            Unsuitable(constructor, $"its constructor is {ForbiddenInWords}, and the generated code has to call it. Let it be a warning.");
        var arguments = new List<ArgumentModel>();
        var isSkipped = false;
        foreach (var parameter in constructor.Parameters)
        {
            if (parameter.RefKind is RefKind.None && !PerformMethods.OfTheJob(parameter.Type) && ParseService(parameter) is { } service)
            {
                CheckService(parameter, parameter.Type);
                arguments.Add(isSkipped ? service with { Name = Escape(parameter.Name) } : service);
            }
            else if (parameter.HasExplicitDefaultValue)
            {
                isSkipped = true;
            }
            else
            {
                ReportNoService(parameter, parameter.Type);
            }
        }

        var members = Types.Has(constructor, KnownNames.SetsRequiredMembersAttribute) ? [] : ParseRequiredMembers();
        return _diagnostics.Count == before && members is not null ? new ConstructionModel(arguments.ToEquatableArray(), members.ToEquatableArray()) : null;
    }

    /// <summary>Whether each parameter has a name, and a type that the compiler knows.</summary>
    static bool IsTyped(IMethodSymbol constructor) => constructor.Parameters.All(static parameter => parameter.Name.Length > 0 && !Types.IsUnknown(parameter.Type));

    IMethodSymbol? ChooseConstructor()
    {
        var constructors = _worker.InstanceConstructors;
        var marked = constructors.Where(static constructor => Types.Has(constructor, KnownNames.ActivatorUtilitiesConstructorAttribute)).ToList();
        var visible = constructors.Where(Types.IsVisibleInside).ToList();
        if (marked.Count > 1)
            Unsuitable(marked[1], "two constructors are marked [ActivatorUtilitiesConstructor]. Mark one.");
        else if (marked.Count == 1 && !Types.IsVisibleInside(marked[0]))
            Unsuitable(marked[0], "the constructor marked [ActivatorUtilitiesConstructor] is private or protected. Make it internal or public.");
        else if (visible.Count == 0)
            Unsuitable(_worker, "it has no constructor that is internal or public. Make one so.");
        else if ((marked.FirstOrDefault() ?? OnlyOrPrimary(visible)) is { } chosen)
            return chosen;
        else
            Unsuitable(_worker, $"it has {visible.Count.ToString(CultureInfo.InvariantCulture)} constructors, and nothing says which to use. " +
                "Keep one, make one the primary constructor, or mark one with [ActivatorUtilitiesConstructor].");
        return null;
    }

    IMethodSymbol? OnlyOrPrimary(List<IMethodSymbol> constructors) =>
        constructors.Count == 1 ? constructors[0] : constructors.FirstOrDefault(constructor => Types.IsPrimary(constructor, _cancellationToken));

    /// <summary>
    /// The required members of the worker and of its base classes; of one that is overridden, the override. <see langword="null"/> while one
    /// has no name, is of an unknown type or cannot be set.
    /// </summary>
    List<MemberArgument>? ParseRequiredMembers()
    {
        var members = new List<MemberArgument>();
        for (var type = _worker; type is not null; type = type.BaseType)
        {
            foreach (var member in type.GetMembers())
            {
                var required = member switch
                {
                    IPropertySymbol { IsRequired: true } property => property.Type,
                    IFieldSymbol { IsRequired: true } field => field.Type,
                    _ => null,
                };
                if (required is null || members.Any(known => known.Name == Escape(member.Name)))
                    continue;
                if (member.Name.Length == 0 || Types.IsUnknown(required) || !CanBeSet(member))
                    return null;
                if (PerformMethods.OfTheJob(required) || ParseService(required) is not { } service)
                {
                    ReportNoService(member, required);
                    continue;
                }

                CheckService(member, required);
                if (_cautions.Name(member) is not null)
                    Unsuitable(member, $"{member.Name} is required and {ForbiddenInWords}, and the generated code has to set it. Let it be a warning.");
                members.Add(new MemberArgument(Escape(member.Name), service));
            }
        }

        return members;
    }

    // The compiler refuses a required member that cannot be.
    bool CanBeSet(ISymbol member) =>
        (member is IPropertySymbol property ? property.SetMethod : member is IFieldSymbol { IsReadOnly: true } ? null : member) is { } set &&
        _compilation.IsSymbolAccessibleWithin(member, _compilation.Assembly) && _compilation.IsSymbolAccessibleWithin(set, _compilation.Assembly);

    void CheckService(ISymbol taker, ITypeSymbol type)
    {
        if (_cautions.Name(type) is not null)
            Unsuitable(taker, $"{taker.Name} is a {InWords(type)}, which is {ForbiddenInWords}, and the generated code has to name it. Let it be a warning.");
    }

    void ReportNoService(ISymbol taker, ITypeSymbol type)
    {
        var what = taker is IParameterSymbol ? taker.Name : $"the required member {taker.Name}";
        Unsuitable(taker, PerformMethods.OfTheJob(type)
            ? $"{what} is a {InWords(type)}, which belongs to a job. Take it in the [Perform] method."
            : $"{what} is a {InWords(type)}, and services are interfaces or classes. Take a class that holds it, such as options.");
    }

    void Unsuitable(ISymbol where, string reason) => Report(JobDiagnostics.UnsuitableConstructor, Where(where), _worker.Name, reason);

    static ArgumentModel? ParseService(IParameterSymbol parameter)
    {
        var key = Types.Find(parameter, KnownNames.FromKeyedServicesAttribute);
        return ParseService(parameter.Type, parameter.HasExplicitDefaultValue, key is { ConstructorArguments: [var constant] } ? Types.Literal(constant) : null);
    }

    static ArgumentModel? ParseService(ITypeSymbol type, bool hasDefault = false, string? key = null)
    {
        var isService = type.TypeKind is TypeKind.Interface or TypeKind.Class or TypeKind.Delegate && type.SpecialType is SpecialType.None;
        if (!isService)
            return null;
        if (Types.Is(type, KnownNames.ServiceProvider) && key is null)
            return new ArgumentModel(ArgumentKind.Services);

        var isOptional = hasDefault || type.NullableAnnotation is NullableAnnotation.Annotated;
        return new ArgumentModel(
            isOptional ? ArgumentKind.OptionalService : ArgumentKind.Service,
            type.WithNullableAnnotation(NullableAnnotation.NotAnnotated).ToDisplayString(Types.QualifiedWithNullability),
            key,
            ForgivesNull: isOptional && type.NullableAnnotation is NullableAnnotation.NotAnnotated);
    }
}
