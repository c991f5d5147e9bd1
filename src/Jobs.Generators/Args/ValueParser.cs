using System.Globalization;
using Jobs.Generators.Diagnostics;
using Jobs.Generators.Model;
using Microsoft.CodeAnalysis;

namespace Jobs.Generators;

/// <summary>The type of a member: how its values are stored, or why they cannot be.</summary>
sealed class ValueParser(Compilation compilation, RecordParser records)
{
    // Tells a string that nobody says may be null from one that may and one that may not.
    static readonly SymbolDisplayFormat WithEveryAnnotation =
        Types.QualifiedWithNullability.AddMiscellaneousOptions(SymbolDisplayMiscellaneousOptions.IncludeNotNullableReferenceTypeModifier);

    readonly HashSet<string> _names = new(StringComparer.Ordinal) { "None" };
    readonly Dictionary<string, ValueModel> _known = new(StringComparer.Ordinal);
    readonly List<RecordModel> _records = [];
    readonly List<EnumModel> _enums = [];
    readonly List<ValueModel> _collections = [];
    readonly List<ValueModel> _customs = [];
    readonly List<ITypeSymbol> _refused = [];

    /// <summary>What the values parsed so far hold besides plain ones.</summary>
    public ValueTypes Found => new(_records.ToEquatableArray(), _enums.ToEquatableArray(), _collections.ToEquatableArray(), _customs.ToEquatableArray());

    /// <summary>An identifier that the worker has for nothing else.</summary>
    public string Name(string wanted)
    {
        var name = wanted is "None" ? "None_" : wanted;
        for (var number = 2; !_names.Add(name); number++)
            name = wanted + number.ToString(CultureInfo.InvariantCulture);
        return name;
    }

    /// <summary>How values of the type are stored; <see langword="null"/> if they cannot be, and <paramref name="refusals"/> say why.</summary>
    /// <param name="type">The type.</param>
    /// <param name="subject">The member that has it, for messages.</param>
    /// <param name="member">The member that has it.</param>
    /// <param name="refusals">Where the reasons go.</param>
    public ValueModel? Parse(ITypeSymbol type, string subject, ISymbol member, List<Refusal> refusals)
    {
        var isNullableStruct = type is INamedTypeSymbol { OriginalDefinition.SpecialType: SpecialType.System_Nullable_T };
        var isNullable = isNullableStruct || (type.IsReferenceType && type.NullableAnnotation is not NullableAnnotation.NotAnnotated);
        var inner = WithNulls(isNullableStruct ? ((INamedTypeSymbol)type).TypeArguments[0] : type.WithNullableAnnotation(NullableAnnotation.NotAnnotated));
        var name = inner.ToDisplayString(Types.QualifiedWithNullability);
        var key = inner.ToDisplayString(WithEveryAnnotation);
        if (!_known.TryGetValue(key, out var value))
        {
            var (reasons, refused) = (refusals.Count, _refused.Count);
            value = ParseKnown(inner, name, subject, member, refusals);
            // Of a record that leads back to itself the whole is left to a context, and not the part inside.
            if (value is null && !Types.IsUnknown(inner) && !records.IsOpenInside(inner) && SerializerContexts.Find(compilation, inner) is { } context)
            {
                refusals.RemoveRange(reasons, refusals.Count - reasons);
                _refused.RemoveRange(refused, _refused.Count - refused);
                value = ParseCustom(inner, name, context);
            }

            // What leads back to itself may have been met inside.
            if (_known.TryGetValue(key, out var met))
                value = met;
            else if (value is not null)
                _known.Add(key, value);
        }

        return value is null ? null : value with { IsNullable = isNullable };
    }

    /// <summary>A collection whose items may be null if nobody says whether they may, as code without annotations leaves it.</summary>
    ITypeSymbol WithNulls(ITypeSymbol type)
    {
        if (ItemOf(type) is not { Item: var item })
            return type;
        var inner = WithNulls(item);
        if (inner is { IsReferenceType: true, NullableAnnotation: NullableAnnotation.None })
            inner = inner.WithNullableAnnotation(NullableAnnotation.Annotated);
        if (SymbolEqualityComparer.IncludeNullability.Equals(inner, item))
            return type;
        if (type is IArrayTypeSymbol)
            return compilation.CreateArrayTypeSymbol(inner, 1, inner.NullableAnnotation).WithNullableAnnotation(type.NullableAnnotation);
        var named = (INamedTypeSymbol)type;
        var arguments = named.TypeArguments.RemoveAt(named.Arity - 1).Add(inner);
        return named.ConstructedFrom
            .Construct(arguments, [.. arguments.Select(static argument => argument.NullableAnnotation)])
            .WithNullableAnnotation(type.NullableAnnotation);
    }

    ValueModel? ParseKnown(ITypeSymbol type, string name, string subject, ISymbol member, List<Refusal> refusals)
    {
        if (Types.IsUnknown(type))
        {
            refusals.Add(new Refusal(subject, $"the compiler does not know the type {type.Name}.", member) { IsKnown = true });
            return null;
        }

        if (ScalarKind(type) is { } kind)
            return Value(kind, type, name);
        if (type.TypeKind is TypeKind.Enum && JsonAttributes.IsStoredByName(type))
            return ParseEnum((INamedTypeSymbol)type, name, subject, member, refusals);
        if (ItemOf(type) is { } item)
            return ParseCollection(item.Kind, type, item.Item, name, subject, member, refusals);
        if (WhyNot(type, subject, member) is { } refusal)
        {
            refusals.Add(refusal);
            return null;
        }

        return ParseRecord((INamedTypeSymbol)type, name, subject, member, refusals);
    }

    static ValueModel Value(ValueKind kind, ITypeSymbol type, string name) => new()
    {
        Kind = kind,
        Type = name,
        TypeInWords = type.ToDisplayString(SymbolDisplayFormat.MinimallyQualifiedFormat),
        IsNullable = false,
        IsReference = type.IsReferenceType,
    };

    static ValueKind? ScalarKind(ITypeSymbol type) => type.SpecialType switch
    {
        SpecialType.System_String => ValueKind.String,
        SpecialType.System_Boolean => ValueKind.Boolean,
        SpecialType.System_Byte => ValueKind.Byte,
        SpecialType.System_SByte => ValueKind.SByte,
        SpecialType.System_Int16 => ValueKind.Int16,
        SpecialType.System_UInt16 => ValueKind.UInt16,
        SpecialType.System_Int32 => ValueKind.Int32,
        SpecialType.System_UInt32 => ValueKind.UInt32,
        SpecialType.System_Int64 => ValueKind.Int64,
        SpecialType.System_UInt64 => ValueKind.UInt64,
        SpecialType.System_Single => ValueKind.Single,
        SpecialType.System_Double => ValueKind.Double,
        SpecialType.System_Decimal => ValueKind.Decimal,
        SpecialType.System_DateTime => ValueKind.DateTime,
        _ when type is IArrayTypeSymbol { IsSZArray: true, ElementType.SpecialType: SpecialType.System_Byte } => ValueKind.Bytes,
        _ when type is INamedTypeSymbol { Arity: 0 } named => NamedKind(named),
        _ => null,
    };

    static ValueKind? NamedKind(INamedTypeSymbol type) => type.Name switch
    {
        "Guid" when Types.Is(type, KnownNames.Guid) => ValueKind.Guid,
        "DateTimeOffset" when Types.Is(type, KnownNames.DateTimeOffset) => ValueKind.DateTimeOffset,
        "DateOnly" when Types.Is(type, "System.DateOnly") => ValueKind.DateOnly,
        "TimeOnly" when Types.Is(type, "System.TimeOnly") => ValueKind.TimeOnly,
        "TimeSpan" when Types.Is(type, "System.TimeSpan") => ValueKind.TimeSpan,
        "Uri" when Types.Is(type, "System.Uri") => ValueKind.Uri,
        "JsonElement" when Types.Is(type, "System.Text.Json.JsonElement") => ValueKind.Json,
        _ => null,
    };

    // Collections

    static (ValueKind Kind, ITypeSymbol Item)? ItemOf(ITypeSymbol type)
    {
        if (type is IArrayTypeSymbol { IsSZArray: true } array)
            return (ValueKind.Array, array.ElementType);
        if (type is not INamedTypeSymbol { ContainingType: null, TypeKind: not TypeKind.Error } named)
            return null;
        var space = named.ContainingNamespace.ToDisplayString();
        return (space, named.Name, named.TypeArguments) switch
        {
            ("System.Collections.Generic", "List" or "IList" or "ICollection" or "IEnumerable" or "IReadOnlyList" or "IReadOnlyCollection", [var item]) => (ValueKind.List, item),
            ("System.Collections.Generic", "Dictionary" or "IDictionary" or "IReadOnlyDictionary", [{ SpecialType: SpecialType.System_String }, var item]) => (ValueKind.Dictionary, item),
            ("System.Collections.Immutable", "ImmutableArray", [var item]) => (ValueKind.Array, item),
            _ => null,
        };
    }

    ValueModel? ParseCollection(ValueKind kind, ITypeSymbol type, ITypeSymbol item, string name, string subject, ISymbol member, List<Refusal> refusals)
    {
        if (Parse(item, subject, member, refusals) is not { } value)
            return null;
        if (kind is not ValueKind.Array && _collections.Find(other => other.Kind == kind && other.Item == value) is { } same)
            return Value(kind, type, name) with { Id = same.Id, Item = value };

        var form = kind is ValueKind.Array && type is INamedTypeSymbol ? "ImmutableArray" : kind.ToString();
        var collection = Value(kind, type, name) with
        {
            Id = Name((value.IsNullable ? "Nullable" : "") + (value.Id.Length > 0 ? value.Id : value.Kind.ToString()) + form),
            Item = value,
        };
        _collections.Add(collection);
        return collection;
    }

    // Enums

    ValueModel? ParseEnum(INamedTypeSymbol type, string name, string subject, ISymbol member, List<Refusal> refusals)
    {
        if (!records.CanName(type))
        {
            refusals.Add(new Refusal(subject, $"{type.Name} is private, and the code that reads it is in another file. Make it internal or public.", member));
            return null;
        }

        var isFlags = Types.Has(type, "System.FlagsAttribute");
        var seen = new HashSet<object>();
        var names = new HashSet<string>(StringComparer.Ordinal);
        var members = new List<EnumMemberModel>();
        foreach (var field in type.GetMembers().OfType<IFieldSymbol>().Where(static field => field.HasConstantValue && field.Name.Length > 0))
        {
            var stored = JsonAttributes.NameOf(field) ?? field.Name;
            if (NameMisuse(type, stored, isFlags, isNew: names.Add(stored)) is { } misuse)
            {
                refusals.Add(new Refusal(subject, misuse, member));
                return null;
            }

            members.Add(new EnumMemberModel(
                stored,
                // Naming an obsolete member would be a warning in code that its user cannot change.
                Types.Has(field, "System.ObsoleteAttribute") ? $"({name})({Types.Literal(field.ConstantValue)})" : $"{name}.{Types.Escape(field.Name)}",
                Bits(field.ConstantValue!),
                IsAlias: !seen.Add(field.ConstantValue!)));
        }

        var model = new EnumModel(Name(type.Name), name, isFlags, members.ToEquatableArray());
        _enums.Add(model);
        return Value(ValueKind.Enum, type, name) with { Id = model.Id, Enum = model };
    }

    static string? NameMisuse(INamedTypeSymbol type, string stored, bool isFlags, bool isNew)
    {
        if (!isNew)
            return $"two members of {type.Name} would be stored as {Text.JsonText.Quote(stored)}. Give each a [JsonStringEnumMemberName] of its own.";
        if (stored.Length == 0 || !Types.IsStorable(stored))
            return $"a member of {type.Name} has a [JsonStringEnumMemberName] that is empty, or has a NUL character or half of a surrogate pair. Use a plain name.";
        if (isFlags && (stored.Contains(',') || stored.Trim() != stored))
            return $"several members of {type.Name} are stored as \"A, B\", so {Text.JsonText.Quote(stored)} would be read back as another value. Give that member a [JsonStringEnumMemberName] without commas and without spaces at its ends.";
        return null;
    }

    static string Bits(object value) =>
        (value is ulong large ? large : unchecked((ulong)Convert.ToInt64(value, CultureInfo.InvariantCulture))).ToString(CultureInfo.InvariantCulture) + "UL";

    // Records

    ValueModel? ParseRecord(INamedTypeSymbol type, string name, string subject, ISymbol member, List<Refusal> refusals)
    {
        if (records.IsOpen(type))
        {
            refusals.Add(new Refusal(subject, $"it leads back to {type.Name}, so there is no end to what it could hold. Store a list of items that name each other by a key, or let a JsonSerializerContext cover it.", member));
            return null;
        }

        // Its faults are told once, wherever it is met again.
        if (_refused.Contains(type, SymbolEqualityComparer.Default))
        {
            refusals.Add(new Refusal(subject, $"{type.Name} cannot be stored.", member) { IsKnown = true });
            return null;
        }

        if (records.ParseInner(type, refusals) is not { } record)
        {
            _refused.Add(type);
            return null;
        }

        _records.Add(record);
        return Value(ValueKind.Record, type, name) with { Id = record.Id, IsOpen = type is { IsReferenceType: true, IsSealed: false } };
    }

    ValueModel ParseCustom(ITypeSymbol type, string name, INamedTypeSymbol context)
    {
        var custom = Value(ValueKind.Custom, type, name) with
        {
            Context = context.ToDisplayString(Types.Qualified),
            Id = Name(type.Name.Length > 0 ? type.Name : "Array"),
        };
        _customs.Add(custom);
        return custom;
    }

    // Refusals

    /// <summary>Why values of the type cannot be stored member by member; <see langword="null"/> if that may be tried.</summary>
    Refusal? WhyNot(ITypeSymbol type, string subject, ISymbol member)
    {
        var name = type.ToDisplayString(SymbolDisplayFormat.MinimallyQualifiedFormat);
        if (Lost(type, name) is { } reason)
            return new Refusal(subject, reason, member);
        if (!records.CanName(type))
            return new Refusal(subject, $"{name} is private, and the code that reads it is in another file. Make it internal or public.", member);
        if (type is INamedTypeSymbol named && JsonAttributes.OfType(type) is null && !IsFramework(type) && !IsCollection(type) && named.TypeKind is TypeKind.Class or TypeKind.Struct && !type.IsAbstract)
            return null;

        var why = JsonAttributes.OfType(type) is { } attribute ? $"{attribute} gives {name} a form of its own in JSON" : $"Jobs itself does not write the type {name}";
        return new Refusal(subject, $"{why}. Mark a JsonSerializerContext [JsonSerializable(typeof({name}))].", member)
        {
            Descriptor = JobDiagnostics.ContextMissing,
            Uncovered = type,
        };
    }

    /// <summary>What no serializer brings back.</summary>
    static string? Lost(ITypeSymbol type, string name)
    {
        if (type.SpecialType is SpecialType.System_Char)
            return "a char can be half of a character. Make it a string.";
        if (Types.Is(type, KnownNames.CancellationToken))
            return "a CancellationToken ends with its process. Take it as a parameter of the [Perform] method.";
        if (type.TypeKind is TypeKind.Delegate)
            return $"{A(name)} is code of this process, and the job may run in another. Store what the code needs, and do it in the [Perform] method.";
        if (type.TypeKind is TypeKind.Pointer or TypeKind.FunctionPointer || type.IsRefLikeType || type.SpecialType is SpecialType.System_IntPtr or SpecialType.System_UIntPtr)
            return $"{A(name)} points into the memory of this process. Store what it points to.";
        if (type.IsTupleType)
            return $"the parts of {name} have no names in JSON. Make it a record.";
        if (type is IArrayTypeSymbol)
            return $"JSON has no {name}. Make it an array of arrays.";
        if (IsOrDerives(type, "System.IO.Stream"))
            return $"{A(name)} is open in this process only. Store the path or the key by which the job opens it, or its content as byte[].";
        if (IsOrDerives(type, "Microsoft.EntityFrameworkCore.DbContext"))
            return $"{A(name)} is a connection of this process. Store the keys of what it loaded, and take {A(name)} as a service of the worker.";
        if (IsOrDerives(type, "System.Threading.Tasks.Task"))
            return $"{A(name)} runs in this process only. Await it, and store its result.";
        if (IsOrDerives(type, "System.Reflection.MemberInfo"))
            return $"{A(name)} names code of this process. Store a name that the job looks up.";
        if (type.AllInterfaces.Any(static one => Types.Is(one, "System.IDisposable") || Types.Is(one, "System.IAsyncDisposable")) && !IsFrameworkJson(type))
            return $"{A(name)} has to be disposed of, so it holds something of this process. Store what the job needs to open its own, or take {A(name)} as a service of the worker.";
        if (type.SpecialType is SpecialType.System_Object || type.TypeKind is TypeKind.Dynamic)
            return $"JSON does not say of which class the {name} was. Use the class itself, or a JsonElement, which holds any JSON.";
        if ((type.TypeKind is TypeKind.Interface || type.IsAbstract) && JsonAttributes.OfType(type) is null && !IsFrameworkJson(type) && !(IsFramework(type) && IsCollection(type)))
            return $"JSON does not say of which class the {name} was. " + (IsFramework(type)
                ? "Use a class that is not abstract."
                : $"Use a class that is not abstract, or mark {name} [JsonPolymorphic] and let a JsonSerializerContext cover it.");
        return null;
    }

    static string A(string name) => Types.WithArticle(name);

    static bool IsFrameworkJson(ITypeSymbol type) => type.ContainingNamespace.ToDisplayString().StartsWith("System.Text.Json", StringComparison.Ordinal);

    static bool IsOrDerives(ITypeSymbol type, string name)
    {
        for (var current = type as INamedTypeSymbol; current is not null; current = current.BaseType)
        {
            if (Types.IsDefinedAs(current, name))
                return true;
        }

        return false;
    }

    static bool IsCollection(ITypeSymbol type) => type.AllInterfaces.Any(static one => one.SpecialType is SpecialType.System_Collections_IEnumerable);

    static bool IsFramework(ITypeSymbol type)
    {
        var space = type.ContainingNamespace;
        while (space is { ContainingNamespace.IsGlobalNamespace: false })
            space = space.ContainingNamespace;
        return space is { Name: "System" or "Microsoft" } && type.Locations.All(static location => location.IsInMetadata);
    }
}
