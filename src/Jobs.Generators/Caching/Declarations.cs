using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using System.Text;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Jobs.Generators.Caching;

/// <summary>
/// What one file declares: its tokens without the bodies of methods, without comments and white space. Two versions of a file with equal
/// declarations have the same symbols.
/// </summary>
/// <remarks>
/// The bodies of properties are in it: whether a property has a field of its own, and so whether it is stored, can depend on the word
/// <c>field</c> in there.
/// </remarks>
sealed class Declarations : CSharpSyntaxWalker
{
    static readonly ConditionalWeakTable<SyntaxTree, Declarations> Known = new();

    readonly string _hash;
    StringBuilder _text = new();
    HashSet<string> _names = new(StringComparer.Ordinal);

    Declarations(SyntaxNode root)
        : base(SyntaxWalkerDepth.Trivia)
    {
        Visit(root);
        Names = [.. _names];
        using var sha = SHA256.Create();
        _hash = Convert.ToBase64String(sha.ComputeHash(Encoding.Unicode.GetBytes(_text.ToString())));
        (_text, _names) = (null!, null!);
    }

    public static Declarations Of(SyntaxTree tree, CancellationToken cancellationToken) =>
        Known.TryGetValue(tree, out var declarations) ? declarations : Known.GetValue(tree, tree => new Declarations(tree.GetRoot(cancellationToken)));

    /// <summary>Every identifier in them.</summary>
    public IReadOnlyList<string> Names { get; }

    public bool AreSame(Declarations other) => ReferenceEquals(this, other) || _hash == other._hash;

    public override void VisitToken(SyntaxToken token)
    {
        base.VisitToken(token);
        if (token.IsKind(SyntaxKind.IdentifierToken))
            _names.Add(token.ValueText);
        _text.Append(token.Text).Append('\n');
    }

    // Of all trivia only #nullable says what a declaration means.
    public override void VisitTrivia(SyntaxTrivia trivia)
    {
        if (trivia.IsKind(SyntaxKind.NullableDirectiveTrivia))
            _text.Append(trivia.ToString()).Append('\n');
    }

    public override void VisitBlock(BlockSyntax node)
    {
        if (node.Parent is BaseMethodDeclarationSyntax)
            LeaveOut(node);
        else
            base.VisitBlock(node);
    }

    public override void VisitArrowExpressionClause(ArrowExpressionClauseSyntax node)
    {
        if (node.Parent is BaseMethodDeclarationSyntax)
            LeaveOut(node);
        else
            base.VisitArrowExpressionClause(node);
    }

    public override void VisitGlobalStatement(GlobalStatementSyntax node) => LeaveOut(node);

    void LeaveOut(SyntaxNode body)
    {
        _text.Append("{}\n");
        if (!body.ContainsDirectives)
            return;
        foreach (var trivia in body.DescendantTrivia())
            VisitTrivia(trivia);
    }
}
