using Jobs.Generators.Diagnostics;
using Jobs.Generators.Model;
using Jobs.Generators.Text;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Jobs.Generators;

/// <summary>A record, class or struct and its members: how each is stored, and how all are put together again.</summary>
sealed class RecordParser
{
    readonly Compilation _compilation;
    readonly Stack<INamedTypeSymbol> _open = new();

    public RecordParser(Compilation compilation)
    {
        _compilation = compilation;
        Values = new ValueParser(compilation, this);
    }

    public ValueParser Values { get; }

    /// <summary>Whether the emitted file, another file of the assembly, may name the symbol.</summary>
    public bool CanName(ISymbol symbol) => Types.IsVisibleInside(symbol) && _compilation.IsSymbolAccessibleWithin(symbol, _compilation.Assembly);

    /// <summary>The args with those members that can be stored; for the others <paramref name="refusals"/> say why not.</summary>
    public RecordModel ParseArgs(INamedTypeSymbol args, List<Refusal> refusals) => Parse(args, isArgs: true, refusals);

    /// <summary>A record inside the args; <see langword="null"/> if it cannot be stored, and <paramref name="refusals"/> say why.</summary>
    public RecordModel? ParseInner(INamedTypeSymbol record, List<Refusal> refusals)
    {
        var before = refusals.Count;
        var model = Parse(record, isArgs: false, refusals);
        return refusals.Count == before ? model : null;
    }

    /// <summary>Whether the type, or another closing of the same generic type, is being parsed, so that a member leads back to it without end.</summary>
    public bool IsOpen(INamedTypeSymbol type) => _open.Any(open => LeadsBack(open, type));

    /// <summary>The same, of the records inside the args.</summary>
    public bool IsOpenInside(ITypeSymbol type) =>
        type is INamedTypeSymbol named && _open.Take(_open.Count - 1).Any(open => LeadsBack(open, named));

    // A generic type may hold one of its own type arguments, which are nested less deeply than it: Pair<Pair<int>> ends, and a
    // Node<T> with a Node<List<T>> in it does not.
    static bool LeadsBack(INamedTypeSymbol open, INamedTypeSymbol type) =>
        SymbolEqualityComparer.Default.Equals(open.OriginalDefinition, type.OriginalDefinition) && Nesting(type) >= Nesting(open);

    static int Nesting(ITypeSymbol type) => type switch
    {
        IArrayTypeSymbol array => 1 + Nesting(array.ElementType),
        INamedTypeSymbol named => 1 + named.TypeArguments.Select(Nesting).DefaultIfEmpty(0).Max(),
        _ => 1,
    };

    RecordModel Parse(INamedTypeSymbol record, bool isArgs, List<Refusal> refusals)
    {
        _open.Push(record);
        var id = Values.Name(record.Name);
        var constructor = ChooseConstructor(record, out var problem);
        if (problem is not null)
            refusals.Add(new Refusal(record.Name, problem, record));
        if (Unfinished.Is(record, default))
            refusals.Add(new Refusal(record.Name, "the compiler cannot parse it.", record) { IsKnown = true });
        var model = new RecordModel
        {
            Id = id,
            Type = record.ToDisplayString(Types.QualifiedWithNullability),
            CanCopy = record.IsRecord || record.IsValueType,
            Members = ParseMembers(record, constructor, isArgs, refusals),
        };
        _open.Pop();
        return model;
    }

    IMethodSymbol? ChooseConstructor(INamedTypeSymbol record, out string? problem)
    {
        var constructors = record.InstanceConstructors.Where(constructor => CanName(constructor) && !IsCopy(constructor, record)).ToList();
        var marked = record.InstanceConstructors.Where(JsonAttributes.IsConstructor).ToList();
        if (marked.Count > 1 || marked.Exists(constructor => !CanName(constructor)))
        {
            problem = marked.Count > 1
                ? "several of its constructors are marked [JsonConstructor]. Mark one."
                : "the constructor that is marked [JsonConstructor] is private or protected, and the code that calls it is in another file. Make it internal or public.";
            return null;
        }

        var chosen = (marked.Count == 1 ? marked[0] : null)
            ?? constructors.FirstOrDefault(static constructor => Types.IsPrimary(constructor, default))
            ?? (constructors.Count == 1 ? constructors[0] : null)
            ?? (record.IsValueType && constructors.Count == 2 ? constructors.Find(static constructor => !constructor.Parameters.IsEmpty) : null)
            ?? constructors.Find(static constructor => constructor.Parameters.IsEmpty);
        problem = chosen is not null ? null : constructors.Count == 0
            ? "it has no constructor that is internal or public. Make one so."
            : "it has several constructors, and nothing says which one reads it back. Make one the primary constructor, keep one, or mark one [JsonConstructor].";
        return chosen;
    }

    static bool IsCopy(IMethodSymbol constructor, INamedTypeSymbol record) =>
        record.IsRecord && constructor.Parameters is [var only] && SymbolEqualityComparer.Default.Equals(only.Type, record);

    // Members

    EquatableArray<MemberModel> ParseMembers(INamedTypeSymbol record, IMethodSymbol? constructor, bool isArgs, List<Refusal> refusals)
    {
        var properties = Properties(record);
        var canConstruct = constructor is not null;
        var isSkipped = false;
        var members = new List<MemberModel>();
        foreach (var parameter in constructor?.Parameters ?? [])
        {
            var property = properties.Find(property => property.Name == parameter.Name)
                ?? properties.Find(property => string.Equals(property.Name, parameter.Name, StringComparison.OrdinalIgnoreCase));
            if (Mismatch(parameter, property) is { } mismatch)
            {
                if (!Types.IsUnknown(parameter.Type))
                    refusals.Add(new Refusal($"{record.Name}'s parameter {parameter.Name}", mismatch, parameter));
                canConstruct = false;
                continue;
            }

            properties.Remove(property!);
            if (ParseMember(record, property!, parameter, constructor!, isArgs, refusals) is { } member)
                members.Add(isSkipped ? member with { Argument = Types.Escape(parameter.Name) } : member);
            else
                isSkipped = true;
        }

        foreach (var property in properties)
        {
            // With the constructor still wrong, a member without a setter may be meant for it.
            if (IsComputed(property) || (property.SetMethod is null && !canConstruct))
                continue;
            if (ParseMember(record, property, null, constructor, isArgs, refusals) is { } member)
                members.Add(member);
        }

        CheckHidden(record, refusals);
        CheckFields(record, refusals);
        CheckKeys(record, members, refusals);
        return members.ToEquatableArray();
    }

    /// <summary>Why the parameter cannot be given what the property holds; <see langword="null"/> if it can.</summary>
    static string? Mismatch(IParameterSymbol parameter, IPropertySymbol? property)
    {
        if (property is null || !SymbolEqualityComparer.Default.Equals(property.Type, parameter.Type))
            return "no property has its name and type, so its value could not be read from the record. Add one, or remove the parameter.";
        if (parameter.RefKind is not (RefKind.None or RefKind.In))
            return "it is passed by reference. Take it by value.";
        var given = parameter.Type.NullableAnnotation is NullableAnnotation.Annotated ? property.Type.WithNullableAnnotation(NullableAnnotation.Annotated) : property.Type;
        return SymbolEqualityComparer.IncludeNullability.Equals(given, parameter.Type) || IsOblivious(parameter.Type) || IsOblivious(property.Type)
            ? null
            : $"the property {property.Name} may hold null where the parameter may not. Give both the same type.";
    }

    static bool IsOblivious(ITypeSymbol type) => type is { IsReferenceType: true, NullableAnnotation: NullableAnnotation.None };

    /// <summary>The instance properties, those of base classes first; of one that is overridden or hidden, the last.</summary>
    static List<IPropertySymbol> Properties(INamedTypeSymbol record)
    {
        var properties = new List<IPropertySymbol>();
        var bases = new Stack<INamedTypeSymbol>();
        for (var type = record; type is not null && type.SpecialType is not (SpecialType.System_Object or SpecialType.System_ValueType); type = type.BaseType)
            bases.Push(type);
        foreach (var property in bases.SelectMany(static type => type.GetMembers().OfType<IPropertySymbol>()))
        {
            if (!IsMember(property))
                continue;
            properties.RemoveAll(hidden => hidden.Name == property.Name);
            properties.Add(property);
        }

        return properties;
    }

    static bool IsMember(IPropertySymbol property) =>
        !property.IsStatic && !property.IsIndexer && property.Name.Length > 0 && property.Name != "EqualityContract" && property.ExplicitInterfaceImplementations.IsEmpty;

    /// <summary>Whether the property's value follows from others, so that there is nothing to store.</summary>
    static bool IsComputed(IPropertySymbol property) => property.SetMethod is null && !HasField(property);

    // The field behind a property of another assembly is not to be seen; that the compiler wrote the accessor is.
    static bool HasField(IPropertySymbol property) =>
        property.ContainingType.GetMembers().Any(member => member is IFieldSymbol field && SymbolEqualityComparer.Default.Equals(field.AssociatedSymbol, property)) ||
        (property.GetMethod is { } getter && Types.Has(getter, "System.Runtime.CompilerServices.CompilerGeneratedAttribute"));

    MemberModel? ParseMember(
        INamedTypeSymbol record, IPropertySymbol property, IParameterSymbol? parameter, IMethodSymbol? constructor, bool isArgs, List<Refusal> refusals)
    {
        var name = $"{record.Name}.{property.Name}";
        var json = JsonAttributes.OfMember(property);
        var isOptional = parameter is null ? !property.IsRequired : parameter.HasExplicitDefaultValue;
        if (json.IsIgnored)
        {
            if (!isOptional)
                refusals.Add(new Refusal(name, "it is marked [JsonIgnore] and a record cannot be made without it. Give it a default, or remove the attribute.", property));
            return null;
        }

        var fromBatch = Types.Has(property, KnownNames.FromBatchAttribute) || (parameter is not null && Types.Has(parameter, KnownNames.FromBatchAttribute));
        if (fromBatch && FromBatchMisuse(property, isOptional, isArgs) is { } misuse)
        {
            refusals.Add(new Refusal(name, misuse, property) { Descriptor = JobDiagnostics.FromBatchMisused });
            return null;
        }

        if (Unreadable(property, parameter, json) is { } reason)
        {
            refusals.Add(new Refusal(name, reason, property));
            return null;
        }

        if (json.Other is not null)
        {
            refusals.Add(isArgs
                ? new Refusal(name, $"{json.Other} gives it a form of its own, which only a serializer honours. Put the member into a record of its own that a JsonSerializerContext covers, or remove the attribute.", property)
                : new Refusal(name, $"{json.Other} gives it a form of its own, which only a serializer honours. Mark a JsonSerializerContext [JsonSerializable(typeof({record.Name}))].", property)
                {
                    Descriptor = JobDiagnostics.ContextMissing,
                    Uncovered = record,
                });
            return null;
        }

        if (Values.Parse(property.Type, name, property, refusals) is not { } value)
            return null;
        return new MemberModel
        {
            Name = Types.Escape(property.Name),
            Key = json.Key ?? JsonText.SnakeCase(property.Name),
            Value = value,
            IsFromBatch = fromBatch,
            IsOptional = !json.IsRequired && !property.IsRequired && (isOptional || value.IsNullable),
            Place = PlaceOf(property, parameter),
            Default = parameter is null ? InitialValue(property, constructor) : Default(parameter, value),
        };
    }

    static string? FromBatchMisuse(IPropertySymbol property, bool isOptional, bool isArgs)
    {
        if (!isArgs)
            return "the batch fills the members of the args themselves, and not those of a record inside. Move it to the args.";
        var type = property.Type is INamedTypeSymbol { OriginalDefinition.SpecialType: SpecialType.System_Nullable_T } nullable ? nullable.TypeArguments[0] : property.Type;
        if (type.SpecialType is not (SpecialType.System_String or SpecialType.System_Int32 or SpecialType.System_Int64))
            return $"it is {Types.WithArticle(property.Type.ToDisplayString(SymbolDisplayFormat.MinimallyQualifiedFormat))}, and a batch gives its id to a string and its size to an int or a long.";
        if (!isOptional)
            return "callers would have to give it, though it is filled from the batch. Give the parameter a default, or make it an init property that is not required.";
        return null;
    }

    static string? Unreadable(IPropertySymbol property, IParameterSymbol? parameter, JsonAttributes.Member json)
    {
        if (property.GetMethod is null)
            return "it can be set and not read. Give it a get accessor, or make it a method.";
        if (!Types.IsVisibleInside(property.GetMethod) || property.DeclaredAccessibility is not Accessibility.Public)
            return "it is not public, and what reads and writes it is in another class. Make it public, or take it out of the record.";
        if (parameter is null && property.SetMethod is not { DeclaredAccessibility: Accessibility.Public })
            return "no public set or init accessor and no constructor parameter takes its value back. Give it an init accessor, or compute it from other members.";
        if (json.HasCondition)
            return "[JsonIgnore] with a condition would leave its key out for some values, and jobs are told apart by their keys. Remove the condition: null is stored too.";
        if (json.Key is { } key && (key.Length == 0 || !Types.IsStorable(key)))
            return "its [JsonPropertyName] is empty, or has a NUL character or half of a surrogate pair. Use a plain key such as \"email\".";
        return null;
    }

    static MemberPlace PlaceOf(IPropertySymbol property, IParameterSymbol? parameter) => parameter is not null
        ? MemberPlace.Constructor
        : property.SetMethod!.IsInitOnly || property.IsRequired ? MemberPlace.Initializer : MemberPlace.Setter;

    /// <summary>The value of a parameter that has a default; what stands in until a required one is read.</summary>
    static string Default(IParameterSymbol parameter, ValueModel value)
    {
        if (!parameter.HasExplicitDefaultValue || parameter.ExplicitDefaultValue is null)
            return "default";
        var literal = Types.Literal(parameter.ExplicitDefaultValue);
        return value.Kind is ValueKind.Enum ? $"({value.Type})({literal})" : literal;
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

    /// <summary>A property that one of a derived record hides has a value of its own, which would not be stored.</summary>
    static void CheckHidden(INamedTypeSymbol record, List<Refusal> refusals)
    {
        var seen = new Dictionary<string, IPropertySymbol>(StringComparer.Ordinal);
        for (var type = record; type is not null; type = type.BaseType)
        {
            foreach (var property in type.GetMembers().OfType<IPropertySymbol>().Where(IsMember))
            {
                if (seen.TryGetValue(property.Name, out var last) && !last.IsOverride && !IsComputed(property) && !JsonAttributes.OfMember(property).IsIgnored)
                    refusals.Add(new Refusal($"{record.Name}.{property.Name}", $"it hides the {property.Name} of {type.Name}, whose value would be lost. Give one of the two another name.", last));
                seen[property.Name] = property;
            }
        }
    }

    void CheckFields(INamedTypeSymbol record, List<Refusal> refusals)
    {
        for (var type = record; type is not null; type = type.BaseType)
        {
            foreach (var field in type.GetMembers().OfType<IFieldSymbol>())
            {
                // A class may keep what it computes in private fields; in a record they are part of its value.
                if (field.IsStatic || field.AssociatedSymbol is not null || field.IsImplicitlyDeclared || (!record.IsRecord && !CanName(field)))
                    continue;
                refusals.Add(new Refusal($"{record.Name}.{field.Name}", "it is a field, and only properties are stored. Make it a property.", field));
            }
        }
    }

    static void CheckKeys(INamedTypeSymbol record, List<MemberModel> members, List<Refusal> refusals)
    {
        foreach (var same in members.Where(static member => !member.IsFromBatch).GroupBy(static member => member.Key, StringComparer.Ordinal).ToList())
        {
            if (same.Count() == 1)
                continue;
            refusals.Add(new Refusal(record.Name, $"{string.Join(" and ", same.Select(static member => member.PlainName))} would {(same.Count() == 2 ? "both" : "all")} be stored under the key {JsonText.Quote(same.Key)}. Rename one.", record));
            foreach (var extra in same.Skip(1))
                members.Remove(extra);
        }
    }
}
