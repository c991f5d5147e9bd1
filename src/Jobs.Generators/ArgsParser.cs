using System.Globalization;
using Jobs.Generators.Diagnostics;
using Jobs.Generators.Model;
using Jobs.Generators.Text;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Jobs.Generators;

/// <summary>The args records of one worker: symbols in, shapes and diagnostics out.</summary>
sealed class ArgsParser(Compilation compilation, Action<Diagnostic> report)
{
    const string Storable = "Args hold strings, numbers, bools, Guids, DateTimeOffsets, enums, and nullables of these.";

    readonly HashSet<string> _ids = new(StringComparer.Ordinal);
    readonly Dictionary<string, EnumModel> _enums = new(StringComparer.Ordinal);
    int _reported;

    /// <summary>The shape with those members that can be stored; <see langword="null"/> if no file of ours could name the record.</summary>
    public ArgsShape? Parse(INamedTypeSymbol record, Location perform)
    {
        var where = record.Locations.FirstOrDefault(static location => location.IsInSource) is { } location && compilation.ContainsSyntaxTree(location.SourceTree!)
            ? location
            : perform;
        if (Unsuitable(record) is { } reason)
        {
            Report(JobDiagnostics.ArgsNotStorable, where, record.Name, reason);
            return null;
        }

        var before = _reported;
        var isCallback = Types.Is(record, KnownNames.BatchComplete);
        var constructor = ChooseConstructor(record);
        if (constructor is null)
            Report(JobDiagnostics.ArgsNotStorable, where, record.Name, "it has several constructors, and nothing says which one reads it back. Make one the primary constructor, or keep one.");
        var members = ParseMembers(record, constructor, where);
        var constants = ParseConstants(record, members, where);
        return new ArgsShape
        {
            Id = Unique(Identifier(record.Name)),
            Type = record.ToDisplayString(Types.QualifiedWithNullability),
            IsCallback = isCallback,
            Constants = constants,
            Members = members,
            IsComplete = _reported == before,
        };
    }

    static string? Unsuitable(INamedTypeSymbol record)
    {
        if (record.IsValueType)
            return "it is a record struct. Make it a record class: sealed record.";
        if (record.IsAbstract)
            return "it is abstract, so nothing could be read back into it. Take the records that derive from it, each in a [Perform] method of its own.";
        if (!Types.IsVisibleInside(record))
            return "it is private, protected or local to its file, and the code that reads it is in another file. Make it internal or public.";
        return null;
    }

    static IMethodSymbol? ChooseConstructor(INamedTypeSymbol record)
    {
        var constructors = record.InstanceConstructors.Where(constructor => Types.IsVisibleInside(constructor) && !IsCopy(constructor, record)).ToList();
        return constructors.FirstOrDefault(static constructor => Types.IsPrimary(constructor, default))
            ?? (constructors.Count == 1 ? constructors[0] : constructors.FirstOrDefault(static constructor => constructor.Parameters.IsEmpty));
    }

    static bool IsCopy(IMethodSymbol constructor, INamedTypeSymbol record) =>
        constructor.Parameters is [var only] && SymbolEqualityComparer.Default.Equals(only.Type, record);

    // Members

    EquatableArray<MemberModel> ParseMembers(INamedTypeSymbol record, IMethodSymbol? constructor, Location where)
    {
        var properties = Properties(record);
        var canConstruct = constructor is not null;
        var members = new List<MemberModel>();
        foreach (var parameter in constructor?.Parameters ?? [])
        {
            var property = properties.FirstOrDefault(property => property.Name == parameter.Name)
                ?? properties.FirstOrDefault(property => string.Equals(property.Name, parameter.Name, StringComparison.OrdinalIgnoreCase));
            if (property is null || !SymbolEqualityComparer.Default.Equals(property.Type, parameter.Type))
            {
                Report(JobDiagnostics.ArgsNotStorable, Where(parameter, where), $"{record.Name}'s parameter {parameter.Name}",
                    "no property has its name and type, so its value could not be read from the record. Add one, or remove the parameter.");
                canConstruct = false;
                continue;
            }

            properties.Remove(property);
            if (ParseMember(record, property, parameter, constructor!, where) is { } member)
                members.Add(member);
        }

        foreach (var property in properties)
        {
            // With the constructor still wrong, a member without a setter may be meant for it.
            if (IsComputed(property) || (property.SetMethod is null && !canConstruct))
                continue;
            if (ParseMember(record, property, null, constructor, where) is { } member)
                members.Add(member);
        }

        CheckFields(record, where);
        CheckKeys(record, members, where);
        return members.ToEquatableArray();
    }

    /// <summary>The instance properties, those of base records first; of one that is overridden or hidden, the last.</summary>
    static List<IPropertySymbol> Properties(INamedTypeSymbol record)
    {
        var properties = new List<IPropertySymbol>();
        var bases = new Stack<INamedTypeSymbol>();
        for (var type = record; type is not null && type.SpecialType is not SpecialType.System_Object; type = type.BaseType)
            bases.Push(type);
        foreach (var property in bases.SelectMany(static type => type.GetMembers().OfType<IPropertySymbol>()))
        {
            if (property.IsStatic || property.IsIndexer || property.Name == "EqualityContract" || property.ExplicitInterfaceImplementations.Length > 0)
                continue;
            properties.RemoveAll(hidden => hidden.Name == property.Name);
            properties.Add(property);
        }

        return properties;
    }

    /// <summary>Whether the property's value follows from others, so that there is nothing to store.</summary>
    static bool IsComputed(IPropertySymbol property) =>
        property.SetMethod is null && !property.ContainingType.GetMembers().OfType<IFieldSymbol>()
            .Any(field => SymbolEqualityComparer.Default.Equals(field.AssociatedSymbol, property));

    MemberModel? ParseMember(INamedTypeSymbol record, IPropertySymbol property, IParameterSymbol? parameter, IMethodSymbol? constructor, Location fallback)
    {
        var where = Where(property, fallback);
        var name = $"{record.Name}.{property.Name}";
        var nullable = property.Type is INamedTypeSymbol { OriginalDefinition.SpecialType: SpecialType.System_Nullable_T };
        var type = nullable ? ((INamedTypeSymbol)property.Type).TypeArguments[0] : property.Type;
        var isNullable = nullable || (type.IsReferenceType && property.NullableAnnotation is not NullableAnnotation.NotAnnotated);
        var fromBatch = Types.Has(property, KnownNames.FromBatchAttribute) || (parameter is not null && Types.Has(parameter, KnownNames.FromBatchAttribute));
        var isOptional = parameter is null ? !property.IsRequired : parameter.HasExplicitDefaultValue;
        if (fromBatch && FromBatchMisuse(property, type, isOptional) is { } misuse)
        {
            Report(JobDiagnostics.FromBatchMisused, where, record.Name, property.Name, misuse);
            return null;
        }

        if (property.GetMethod is null || !Types.IsVisibleInside(property.GetMethod) || property.DeclaredAccessibility is not Accessibility.Public)
        {
            Report(JobDiagnostics.ArgsNotStorable, where, name, "it is not public. Make it so, or take it out of the record.");
            return null;
        }

        if (parameter is null && (property.SetMethod is null || property.SetMethod.DeclaredAccessibility is not Accessibility.Public))
        {
            Report(JobDiagnostics.ArgsNotStorable, where, name, "nothing outside the record can set it, so its value could not be read back. Give it an init accessor, or compute it from other members.");
            return null;
        }

        if (KindOf(type) is not { } kind)
        {
            if (type.TypeKind is not TypeKind.Error)
                Report(JobDiagnostics.ArgsNotStorable, where, name, WhyNot(property.Type));
            return null;
        }

        if (kind is MemberKind.Enum && !Types.IsVisibleInside(type))
        {
            Report(JobDiagnostics.ArgsNotStorable, where, name, $"{type.Name} is private, and the code that reads it is in another file. Make it internal or public.");
            return null;
        }

        return new MemberModel
        {
            Name = Types.Escape(property.Name),
            Key = JsonText.SnakeCase(property.Name),
            Kind = fromBatch ? MemberKind.FromBatch : kind,
            Type = type.WithNullableAnnotation(NullableAnnotation.NotAnnotated).ToDisplayString(Types.Qualified),
            TypeInWords = type.ToDisplayString(SymbolDisplayFormat.MinimallyQualifiedFormat).TrimEnd('?'),
            IsNullable = isNullable,
            IsOptional = isOptional || isNullable,
            Place = parameter is null ? MemberPlace.Initializer : MemberPlace.Constructor,
            Default = parameter is null ? InitialValue(property, constructor) : Default(parameter, type),
            Enum = kind is MemberKind.Enum ? ParseEnum((INamedTypeSymbol)type) : null,
        };
    }

    static string? FromBatchMisuse(IPropertySymbol property, ITypeSymbol type, bool isOptional)
    {
        if (type.SpecialType is not (SpecialType.System_String or SpecialType.System_Int32 or SpecialType.System_Int64))
            return $"it is a {property.Type.ToDisplayString(SymbolDisplayFormat.MinimallyQualifiedFormat)}, and a batch gives its id to a string and its size to an int or a long.";
        if (!isOptional)
            return "callers would have to give it, though it is filled from the batch. Give the parameter a default, or make it an init property that is not required.";
        return null;
    }

    static MemberKind? KindOf(ITypeSymbol type) => type.SpecialType switch
    {
        SpecialType.System_String => MemberKind.String,
        SpecialType.System_Boolean => MemberKind.Boolean,
        SpecialType.System_Byte => MemberKind.Byte,
        SpecialType.System_SByte => MemberKind.SByte,
        SpecialType.System_Int16 => MemberKind.Int16,
        SpecialType.System_UInt16 => MemberKind.UInt16,
        SpecialType.System_Int32 => MemberKind.Int32,
        SpecialType.System_UInt32 => MemberKind.UInt32,
        SpecialType.System_Int64 => MemberKind.Int64,
        SpecialType.System_UInt64 => MemberKind.UInt64,
        SpecialType.System_Single => MemberKind.Single,
        SpecialType.System_Double => MemberKind.Double,
        SpecialType.System_Decimal => MemberKind.Decimal,
        _ when type.TypeKind is TypeKind.Enum => MemberKind.Enum,
        _ when Types.Is(type, KnownNames.Guid) => MemberKind.Guid,
        _ when Types.Is(type, KnownNames.DateTimeOffset) => MemberKind.DateTimeOffset,
        _ => null,
    };

    static string WhyNot(ITypeSymbol type)
    {
        var name = type.ToDisplayString(SymbolDisplayFormat.MinimallyQualifiedFormat);
        if (type.SpecialType is SpecialType.System_DateTime)
            return "a DateTime does not say which instant it is on another machine. Make it a DateTimeOffset.";
        if (type.SpecialType is SpecialType.System_Char)
            return "a char can be half of a character. Make it a string.";
        if (type.TypeKind is TypeKind.Interface || type.SpecialType is SpecialType.System_Object)
            return $"JSON does not say of which class the {name} was. {Storable}";
        if (Types.Is(type, KnownNames.CancellationToken))
            return "a CancellationToken ends with its process. Take it as a parameter of the [Perform] method.";
        return $"a {name} is not among the types that args may have. {Storable}";
    }

    /// <summary>The value of a parameter that has a default; what stands in until a required one is read.</summary>
    static string Default(IParameterSymbol parameter, ITypeSymbol type)
    {
        if (!parameter.HasExplicitDefaultValue || parameter.ExplicitDefaultValue is null)
            return "default";
        var literal = Types.Literal(parameter.ExplicitDefaultValue);
        return type.TypeKind is TypeKind.Enum ? $"({type.ToDisplayString(Types.Qualified)})({literal})" : literal;
    }

    /// <summary>The value that a fresh record has there, if it can be told from outside: no initializer, and no constructor with a body.</summary>
    static string? InitialValue(IPropertySymbol property, IMethodSymbol? constructor)
    {
        if (property.IsRequired)
            return "default";
        var isPlain = property.DeclaringSyntaxReferences is [var reference] && reference.GetSyntax() is PropertyDeclarationSyntax { Initializer: null };
        var hasBody = constructor is { IsImplicitlyDeclared: false } && !Types.IsPrimary(constructor, default);
        return isPlain && !hasBody ? "default" : null;
    }

    void CheckFields(INamedTypeSymbol record, Location fallback)
    {
        for (var type = record; type is not null; type = type.BaseType)
        {
            foreach (var field in type.GetMembers().OfType<IFieldSymbol>())
            {
                if (!field.IsStatic && field.AssociatedSymbol is null && !field.IsImplicitlyDeclared)
                    Report(JobDiagnostics.ArgsNotStorable, Where(field, fallback), $"{record.Name}.{field.Name}", "it is a field, and only properties are stored. Make it a property.");
            }
        }
    }

    void CheckKeys(INamedTypeSymbol record, List<MemberModel> members, Location where)
    {
        foreach (var same in members.Where(static member => member.Kind is not MemberKind.FromBatch).GroupBy(static member => member.Key, StringComparer.Ordinal).ToList())
        {
            if (same.Count() == 1)
                continue;
            Report(JobDiagnostics.ArgsNotStorable, where, record.Name, $"{string.Join(" and ", same.Select(static member => member.Name))} would all be stored under the key {JsonText.Quote(same.Key)}. Rename one.");
            foreach (var extra in same.Skip(1))
                members.Remove(extra);
        }
    }

    // Constants

    EquatableArray<ConstantModel> ParseConstants(INamedTypeSymbol record, EquatableArray<MemberModel> members, Location fallback)
    {
        var constants = new List<ConstantModel>();
        foreach (var attribute in record.GetAttributes())
        {
            if (!Types.Is(attribute.AttributeClass, KnownNames.MatchesAttribute) ||
                attribute.ConstructorArguments is not [{ Value: string key }, { Value: { } value }])
                continue;
            var where = attribute.ApplicationSyntaxReference is { } reference && compilation.ContainsSyntaxTree(reference.SyntaxTree)
                ? reference.GetSyntax().GetLocation()
                : fallback;
            if (Misuse(key, value) is { } reason)
                Report(JobDiagnostics.MatchesMisused, where, record.Name, reason);
            else
                constants.Add(Constant(key, value));
        }

        return constants.ToEquatableArray();

        string? Misuse(string key, object value)
        {
            if (key.Length == 0 || !Types.IsStorable(key))
                return "its key is empty, or has a NUL character or half of a surrogate pair. Use a plain key such as \"status\".";
            if (value is string text && !Types.IsStorable(text))
                return $"the constant of {JsonText.Quote(key)} has a NUL character or half of a surrogate pair, which jsonb cannot hold.";
            if (constants.Any(constant => constant.Key == key))
                return $"two constants have the key {JsonText.Quote(key)}, and JSON holds one. Remove one.";
            if (members.FirstOrDefault(member => member.Key == key && member.Kind is not MemberKind.FromBatch) is { } member)
                return $"the member {member.Name} has the key {JsonText.Quote(key)} too. Remove the member, or use another key.";
            return null;
        }
    }

    static ConstantModel Constant(string key, object value) => value switch
    {
        string text => new ConstantModel(key, ConstantKind.Text, text),
        bool truth => new ConstantModel(key, ConstantKind.Bool, truth ? "true" : "false"),
        _ => new ConstantModel(key, ConstantKind.Number, Convert.ToInt64(value, CultureInfo.InvariantCulture).ToString(CultureInfo.InvariantCulture)),
    };

    // Enums

    EnumModel ParseEnum(INamedTypeSymbol type)
    {
        var name = type.ToDisplayString(Types.Qualified);
        if (_enums.TryGetValue(name, out var known))
            return known;

        var seen = new HashSet<object>();
        var members = type.GetMembers().OfType<IFieldSymbol>()
            .Where(static field => field.HasConstantValue)
            .Select(field => new EnumMemberModel(
                field.Name,
                // Naming an obsolete member would be a warning in code that its user cannot change.
                Types.Has(field, "System.ObsoleteAttribute") ? $"({name})({Types.Literal(field.ConstantValue)})" : $"{name}.{Types.Escape(field.Name)}",
                IsAlias: !seen.Add(field.ConstantValue!)))
            .ToEquatableArray();
        return _enums[name] = new EnumModel(Unique(Identifier(type.Name)), name, members);
    }

    // Names

    string Unique(string identifier)
    {
        var unique = identifier;
        for (var number = 2; !_ids.Add(unique); number++)
            unique = identifier + number.ToString(CultureInfo.InvariantCulture);
        return unique;
    }

    static string Identifier(string name) => name is "None" ? "None_" : name;

    static Location Where(ISymbol symbol, Location fallback) =>
        symbol.Locations.FirstOrDefault(location => location.IsInSource && fallback.SourceTree is not null) ?? fallback;

    void Report(DiagnosticDescriptor descriptor, Location location, params object[] arguments)
    {
        _reported++;
        report(Diagnostic.Create(descriptor, location, arguments));
    }
}
