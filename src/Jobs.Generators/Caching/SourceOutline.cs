using System.Runtime.CompilerServices;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Jobs.Generators.Caching;

/// <summary>By which names other files can mean what one file declares.</summary>
sealed class SourceOutline
{
    const string Attribute = "Attribute";

    static readonly ConditionalWeakTable<SyntaxTree, SourceOutline> Known = new();

    readonly HashSet<string> _declared = new(StringComparer.Ordinal);
    readonly HashSet<string> _aliases = new(StringComparer.Ordinal);
    readonly HashSet<string> _namespaces = new(StringComparer.Ordinal);
    readonly HashSet<string> _bases = new(StringComparer.Ordinal);

    SourceOutline(CompilationUnitSyntax unit)
    {
        ReachesAllFiles = unit.AttributeLists.Count > 0 || unit.Usings.Any(static directive => directive.GlobalKeyword.IsKind(SyntaxKind.GlobalKeyword));
        VisitUsings(unit.Usings);
        VisitMembers(unit.Members, "");
    }

    public static SourceOutline Of(SyntaxTree tree, CancellationToken cancellationToken) =>
        Known.TryGetValue(tree, out var outline)
            ? outline
            : Known.GetValue(tree, tree => new SourceOutline((CompilationUnitSyntax)tree.GetRoot(cancellationToken)));

    /// <summary>The names of types and aliases; of those that end in Attribute the short ones too.</summary>
    public IReadOnlyCollection<string> Declared => _declared;

    public IReadOnlyCollection<string> Aliases => _aliases;

    public IReadOnlyCollection<string> Namespaces => _namespaces;

    /// <summary>The last parts of the names of base classes.</summary>
    public IReadOnlyCollection<string> Bases => _bases;

    /// <summary>Whether other files depend on this one without a name: by a <c>global using</c>, or an attribute of the assembly.</summary>
    public bool ReachesAllFiles { get; }

    void VisitUsings(SyntaxList<UsingDirectiveSyntax> usings)
    {
        foreach (var alias in usings.Select(static directive => directive.Alias).OfType<NameEqualsSyntax>())
        {
            Declare(alias.Name.Identifier, _declared);
            Declare(alias.Name.Identifier, _aliases);
        }
    }

    void VisitMembers(SyntaxList<MemberDeclarationSyntax> members, string outer)
    {
        foreach (var member in members)
        {
            switch (member)
            {
                case BaseNamespaceDeclarationSyntax space:
                    var name = $"{outer}.{space.Name.WithoutTrivia()}";
                    _namespaces.Add(name);
                    VisitUsings(space.Usings);
                    VisitMembers(space.Members, name);
                    break;
                case TypeDeclarationSyntax type:
                    Declare(type.Identifier, _declared);
                    if (type is ClassDeclarationSyntax { BaseList.Types: [var first, ..] })
                        _bases.Add(LastName(first.Type));
                    VisitMembers(type.Members, outer);
                    break;
                case BaseTypeDeclarationSyntax type:
                    Declare(type.Identifier, _declared);
                    break;
                case DelegateDeclarationSyntax type:
                    Declare(type.Identifier, _declared);
                    break;
            }
        }
    }

    /// <summary>The name without what stands before its last dot; empty for what is no name.</summary>
    public static string LastName(TypeSyntax name) => name switch
    {
        QualifiedNameSyntax qualified => qualified.Right.Identifier.ValueText,
        AliasQualifiedNameSyntax qualified => qualified.Name.Identifier.ValueText,
        SimpleNameSyntax simple => simple.Identifier.ValueText,
        _ => "",
    };

    static void Declare(SyntaxToken name, HashSet<string> names)
    {
        names.Add(name.ValueText);
        if (name.ValueText.EndsWith(Attribute, StringComparison.Ordinal))
            names.Add(name.ValueText.Substring(0, name.ValueText.Length - Attribute.Length));
    }
}
