using Microsoft.CodeAnalysis;

namespace Jobs.Generators;

/// <summary>What the attributes of System.Text.Json on a type or a member ask for.</summary>
static class JsonAttributes
{
    const string Namespace = "System.Text.Json.Serialization";

    static readonly HashSet<string> OtherForm = new(StringComparer.Ordinal)
    {
        "JsonConverterAttribute", "JsonPolymorphicAttribute", "JsonDerivedTypeAttribute", "JsonNumberHandlingAttribute",
        "JsonUnmappedMemberHandlingAttribute", "JsonObjectCreationHandlingAttribute", "JsonExtensionDataAttribute",
    };

    /// <summary>The attribute by which the type's JSON has another form than its members say, such as <c>[JsonConverter]</c>.</summary>
    public static string? OfType(ITypeSymbol type) => Other(type.GetAttributes());

    public static Member OfMember(IPropertySymbol property)
    {
        var member = new Member();
        foreach (var attribute in property.GetAttributes())
        {
            if (!IsJson(attribute))
                continue;
            member = attribute.AttributeClass!.Name switch
            {
                "JsonPropertyNameAttribute" => member with { Key = attribute.ConstructorArguments is [{ Value: string key }] ? key : null },
                "JsonRequiredAttribute" => member with { IsRequired = true },
                "JsonIgnoreAttribute" => Ignored(member, attribute),
                var name when OtherForm.Contains(name) => member with { Other = Shown(name) },
                _ => member,
            };
        }

        return member;
    }

    /// <summary>The name an enum's member is stored by, where it is not its own.</summary>
    public static string? NameOf(IFieldSymbol field)
    {
        foreach (var attribute in field.GetAttributes())
        {
            if (IsJson(attribute) && attribute.AttributeClass!.Name == "JsonStringEnumMemberNameAttribute" &&
                attribute.ConstructorArguments is [{ Value: string name }])
                return name;
        }

        return null;
    }

    /// <summary>Whether the only converter that the enum asks for is the one that stores its names, as Jobs does.</summary>
    public static bool IsStoredByName(ITypeSymbol type) => type.GetAttributes().Where(IsJson).All(static attribute =>
        !OtherForm.Contains(attribute.AttributeClass!.Name) ||
        attribute.ConstructorArguments is [{ Value: INamedTypeSymbol { Name: "JsonStringEnumConverter" } converter }] && IsIn(converter, Namespace));

    public static bool IsConstructor(IMethodSymbol constructor) =>
        constructor.GetAttributes().Any(static attribute => IsJson(attribute) && attribute.AttributeClass!.Name == "JsonConstructorAttribute");

    static Member Ignored(Member member, AttributeData attribute)
    {
        // JsonIgnoreCondition: Never is 0 and Always is 1; the others make the key come and go with the value.
        var condition = attribute.NamedArguments.FirstOrDefault(static argument => argument.Key == "Condition").Value.Value as int? ?? 1;
        return condition switch
        {
            0 => member,
            1 => member with { IsIgnored = true },
            _ => member with { HasCondition = true },
        };
    }

    static string? Other(System.Collections.Immutable.ImmutableArray<AttributeData> attributes) => attributes
        .Where(static attribute => IsJson(attribute) && OtherForm.Contains(attribute.AttributeClass!.Name))
        .Select(static attribute => Shown(attribute.AttributeClass!.Name))
        .FirstOrDefault();

    static string Shown(string attribute) => $"[{attribute[..^"Attribute".Length]}]";

    static bool IsJson(AttributeData attribute) => attribute.AttributeClass is { } type && type.Name.StartsWith("Json", StringComparison.Ordinal) && IsIn(type, Namespace);

    static bool IsIn(ITypeSymbol type, string space) => type.ContainingType is null && type.ContainingNamespace.ToDisplayString() == space;

    /// <summary>What a member's attributes ask for.</summary>
    public sealed record Member
    {
        public string? Key { get; init; }

        public bool IsRequired { get; init; }

        public bool IsIgnored { get; init; }

        /// <summary>Whether it is ignored by its value.</summary>
        public bool HasCondition { get; init; }

        /// <summary>The attribute that asks for another form.</summary>
        public string? Other { get; init; }
    }
}
