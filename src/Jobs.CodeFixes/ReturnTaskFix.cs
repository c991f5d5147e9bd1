using System.Collections.Immutable;
using System.Composition;
using System.Threading;
using System.Threading.Tasks;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CodeActions;
using Microsoft.CodeAnalysis.CodeFixes;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Microsoft.CodeAnalysis.Text;

namespace Jobs.CodeFixes;

/// <summary>Makes an <c>async void</c> perform method return a task, so that somebody can wait for it. For other results there is no obvious one.</summary>
[ExportCodeFixProvider(LanguageNames.CSharp, Name = nameof(ReturnTaskFix)), Shared]
public sealed class ReturnTaskFix : CodeFixProvider
{
    const string WrongReturn = "JOB005";

    /// <inheritdoc/>
    public override ImmutableArray<string> FixableDiagnosticIds => [WrongReturn];

    /// <inheritdoc/>
    public override FixAllProvider GetFixAllProvider() => WellKnownFixAllProviders.BatchFixer;

    /// <inheritdoc/>
    public override async Task RegisterCodeFixesAsync(CodeFixContext context)
    {
        var root = await context.Document.GetSyntaxRootAsync(context.CancellationToken).ConfigureAwait(false);
        if (root?.FindNode(context.Span).FirstAncestorOrSelf<MethodDeclarationSyntax>() is not { } method || !IsAsyncVoid(method))
            return;

        context.RegisterCodeFix(
            CodeAction.Create(
                $"Return a Task from {method.Identifier.ValueText}",
                cancellationToken => ReturnTaskAsync(context.Document, method, cancellationToken),
                equivalenceKey: nameof(ReturnTaskFix)),
            context.Diagnostics);
    }

    static bool IsAsyncVoid(MethodDeclarationSyntax method) =>
        method.Modifiers.Any(SyntaxKind.AsyncKeyword) &&
        method.ReturnType is PredefinedTypeSyntax { Keyword.RawKind: (int)SyntaxKind.VoidKeyword };

    static async Task<Document> ReturnTaskAsync(Document document, MethodDeclarationSyntax method, CancellationToken cancellationToken)
    {
        var model = await document.GetSemanticModelAsync(cancellationToken).ConfigureAwait(false);
        var task = Names.TypeAt(model!, method.SpanStart, "System.Threading.Tasks", "Task");
        return await document.ChangeAsync([new TextChange(method.ReturnType.Span, task)], cancellationToken).ConfigureAwait(false);
    }
}
