using System.Globalization;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Jobs.Generators;

/// <summary>What the parsers ask of symbols.</summary>
static class Types
{
    /// <summary>With <c>global::</c>, keywords escaped, and without question marks.</summary>
    public static readonly SymbolDisplayFormat Qualified = SymbolDisplayFormat.FullyQualifiedFormat;

    public static readonly SymbolDisplayFormat QualifiedWithNullability =
        Qualified.AddMiscellaneousOptions(SymbolDisplayMiscellaneousOptions.IncludeNullableReferenceTypeModifier);

    /// <summary>Whether the type is the one of that name, which is not generic.</summary>
    public static bool Is(ITypeSymbol? type, string name) => type is INamedTypeSymbol { Arity: 0 } named && IsDefinedAs(named, name);

    /// <summary>Whether the type has that name, whatever its type arguments.</summary>
    public static bool IsDefinedAs(INamedTypeSymbol type, string name)
    {
        if (type.ContainingType is not null)
            return false;
        var end = name.Length;
        for (INamespaceOrTypeSymbol part = type; part is not INamespaceSymbol { IsGlobalNamespace: true }; part = part.ContainingNamespace)
        {
            var start = end - part.Name.Length;
            if (start < 0 || (start > 0 && name[start - 1] != '.') || string.CompareOrdinal(name, start, part.Name, 0, part.Name.Length) != 0)
                return false;
            end = start - 1;
        }

        return end < 0;
    }

    /// <summary>Whether the type comes with .NET, or with a package of Microsoft's.</summary>
    public static bool IsOfTheFramework(INamedTypeSymbol type)
    {
        var root = type.ContainingNamespace;
        while (root is { ContainingNamespace: { IsGlobalNamespace: false } outer })
            root = outer;
        return type.DeclaringSyntaxReferences.IsEmpty && root?.Name is ("System" or "Microsoft");
    }

    /// <summary>Whether the compiler does not know the type, or a part of it, and says so: a name that is misspelt, or a type argument that is not typed yet.</summary>
    public static bool IsUnknown(ITypeSymbol type) => type switch
    {
        { TypeKind: TypeKind.Error } => true,
        IArrayTypeSymbol array => IsUnknown(array.ElementType),
        INamedTypeSymbol named => named.TypeArguments.Any(IsUnknown) || (named.ContainingType is { } outer && IsUnknown(outer)),
        _ => false,
    };

    public static AttributeData? Find(ISymbol symbol, string attribute) =>
        symbol.GetAttributes().FirstOrDefault(data => Is(data.AttributeClass, attribute));

    public static bool Has(ISymbol symbol, string attribute) => Find(symbol, attribute) is not null;

    /// <summary>Whether any file of the assembly can name it.</summary>
    public static bool IsVisibleInside(ISymbol symbol)
    {
        for (var current = symbol; current is not null and not INamespaceSymbol; current = current.ContainingSymbol)
        {
            if (current.DeclaredAccessibility is Accessibility.Private or Accessibility.Protected or Accessibility.ProtectedAndInternal ||
                current is INamedTypeSymbol { IsFileLocal: true })
                return false;
        }

        return true;
    }

    /// <summary>Whether other assemblies can name it.</summary>
    public static bool IsVisibleOutside(ISymbol symbol)
    {
        for (var current = symbol; current is not null and not INamespaceSymbol; current = current.ContainingSymbol)
        {
            if (current.DeclaredAccessibility is not Accessibility.Public)
                return false;
        }

        return symbol is not INamedTypeSymbol { IsGenericType: true } generic || generic.TypeArguments.All(IsVisibleOutside);
    }

    public static bool IsPrimary(IMethodSymbol constructor, CancellationToken cancellationToken) =>
        constructor.DeclaringSyntaxReferences.Any(reference => reference.GetSyntax(cancellationToken) is TypeDeclarationSyntax);

    /// <summary>Whether jsonb can hold the text, and a UTF-8 literal too.</summary>
    public static bool IsStorable(string text)
    {
        for (var i = 0; i < text.Length; i++)
        {
            if (text[i] == '\0')
                return false;
            if (!char.IsSurrogate(text[i]))
                continue;
            if (i + 1 == text.Length || !char.IsSurrogatePair(text[i], text[i + 1]))
                return false;
            i++;
        }

        return true;
    }

    /// <summary><c>a Stream</c>, <c>an Action</c>.</summary>
    public static string WithArticle(string name) => ("AEIOaeio".Contains(name[0]) || name.StartsWith("Http", StringComparison.Ordinal) ? "an " : "a ") + name;

    public static string Escape(string name) =>
        SyntaxFacts.GetKeywordKind(name) is SyntaxKind.None && SyntaxFacts.GetContextualKeywordKind(name) is SyntaxKind.None ? name : "@" + name;

    /// <summary>The C# of a constant, of whatever type.</summary>
    public static string Literal(TypedConstant constant) => constant switch
    {
        { IsNull: true } => "null",
        { Kind: TypedConstantKind.Type, Value: ITypeSymbol type } => $"typeof({type.ToDisplayString(Qualified)})",
        { Kind: TypedConstantKind.Enum, Type: { } type } => $"({type.ToDisplayString(Qualified)})({Literal(constant.Value)})",
        _ => Literal(constant.Value),
    };

    /// <summary>The C# of a primitive value.</summary>
    public static string Literal(object? value) => value switch
    {
        null => "null",
        double.NaN => "double.NaN",
        double.PositiveInfinity => "double.PositiveInfinity",
        double.NegativeInfinity => "double.NegativeInfinity",
        float.NaN => "float.NaN",
        float.PositiveInfinity => "float.PositiveInfinity",
        float.NegativeInfinity => "float.NegativeInfinity",
        double number => number.ToString("R", CultureInfo.InvariantCulture) + "D",
        float number => number.ToString("R", CultureInfo.InvariantCulture) + "F",
        decimal number => number.ToString(CultureInfo.InvariantCulture) + "M",
        long number => number.ToString(CultureInfo.InvariantCulture) + "L",
        ulong number => number.ToString(CultureInfo.InvariantCulture) + "UL",
        uint number => number.ToString(CultureInfo.InvariantCulture) + "U",
        string text => SymbolDisplay.FormatLiteral(text, quote: true),
        char c => SymbolDisplay.FormatLiteral(c, quote: true),
        bool truth => truth ? "true" : "false",
        IFormattable number => number.ToString(null, CultureInfo.InvariantCulture),
        _ => "default",
    };
}
