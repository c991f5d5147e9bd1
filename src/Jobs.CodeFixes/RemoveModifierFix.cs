using System.Collections.Immutable;
using System.Composition;
using System.Linq;
using System.Threading.Tasks;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CodeActions;
using Microsoft.CodeAnalysis.CodeFixes;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Jobs.CodeFixes;

/// <summary>Takes <c>static</c> or <c>file</c> from a worker. What to do with an abstract or generic one somebody has to think about.</summary>
[ExportCodeFixProvider(LanguageNames.CSharp, Name = nameof(RemoveModifierFix)), Shared]
public sealed class RemoveModifierFix : CodeFixProvider
{
    const string UnsuitableClass = "JOB003";

    /// <inheritdoc/>
    public override ImmutableArray<string> FixableDiagnosticIds => [UnsuitableClass];

    /// <inheritdoc/>
    public override FixAllProvider GetFixAllProvider() => WellKnownFixAllProviders.BatchFixer;

    /// <inheritdoc/>
    public override async Task RegisterCodeFixesAsync(CodeFixContext context)
    {
        var root = await context.Document.GetSyntaxRootAsync(context.CancellationToken).ConfigureAwait(false);
        if (root?.FindNode(context.Span).FirstAncestorOrSelf<TypeDeclarationSyntax>() is not ClassDeclarationSyntax worker)
            return;

        foreach (var modifier in worker.Modifiers.Where(IsInTheWay))
        {
            context.RegisterCodeFix(
                CodeAction.Create(
                    $"Remove {modifier.Text} from {worker.Identifier.ValueText}",
                    cancellationToken => context.Document.ChangeAsync([Edits.Remove(modifier.SpanStart, modifier.GetNextToken().SpanStart)], cancellationToken),
                    equivalenceKey: modifier.Text),
                context.Diagnostics);
        }
    }

    static bool IsInTheWay(SyntaxToken modifier) => modifier.IsKind(SyntaxKind.StaticKeyword) || modifier.IsKind(SyntaxKind.FileKeyword);
}
