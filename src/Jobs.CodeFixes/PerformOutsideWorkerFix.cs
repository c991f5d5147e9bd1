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

/// <summary>Makes the class around a perform method a worker, or takes the method's <c>[Perform]</c> away.</summary>
[ExportCodeFixProvider(LanguageNames.CSharp, Name = nameof(PerformOutsideWorkerFix)), Shared]
public sealed class PerformOutsideWorkerFix : CodeFixProvider
{
    const string PerformOutsideWorker = "JOB007";

    /// <inheritdoc/>
    public override ImmutableArray<string> FixableDiagnosticIds => [PerformOutsideWorker];

    /// <inheritdoc/>
    public override FixAllProvider GetFixAllProvider() => WellKnownFixAllProviders.BatchFixer;

    /// <inheritdoc/>
    public override async Task RegisterCodeFixesAsync(CodeFixContext context)
    {
        var root = await context.Document.GetSyntaxRootAsync(context.CancellationToken).ConfigureAwait(false);
        if (root?.FindNode(context.Span).FirstAncestorOrSelf<MethodDeclarationSyntax>() is not { } method)
            return;

        if (method.Parent is ClassDeclarationSyntax type && CanBeWorker(type))
        {
            context.RegisterCodeFix(
                CodeAction.Create(
                    $"Mark {type.Identifier.ValueText} with [Worker]",
                    cancellationToken => MakeWorkerAsync(context.Document, type, cancellationToken),
                    equivalenceKey: "MakeWorker"),
                context.Diagnostics);
        }

        context.RegisterCodeFix(
            CodeAction.Create(
                $"Remove [Perform] from {method.Identifier.ValueText}",
                cancellationToken => RemovePerformAsync(context.Document, method, cancellationToken),
                equivalenceKey: "RemovePerform"),
            context.Diagnostics);
    }

    static bool CanBeWorker(ClassDeclarationSyntax type) =>
        type.Arity == 0 &&
        !type.Modifiers.Any(SyntaxKind.StaticKeyword) &&
        !type.Modifiers.Any(SyntaxKind.FileKeyword);

    static async Task<Document> MakeWorkerAsync(Document document, ClassDeclarationSyntax type, CancellationToken cancellationToken)
    {
        var model = await document.GetSemanticModelAsync(cancellationToken).ConfigureAwait(false);
        var text = await document.GetTextAsync(cancellationToken).ConfigureAwait(false);
        var attribute = Edits.AddAttribute(type, Names.AttributeAt(model!, type.SpanStart, "Jobs", "Worker"), text);
        return await document.ChangeAsync([.. Edits.MakePartial(type), attribute], cancellationToken).ConfigureAwait(false);
    }

    static async Task<Document> RemovePerformAsync(Document document, MethodDeclarationSyntax method, CancellationToken cancellationToken)
    {
        var model = await document.GetSemanticModelAsync(cancellationToken).ConfigureAwait(false);
        return Names.Find(method, model!, "Jobs", "Perform") is { } perform
            ? await document.ChangeAsync([Edits.RemoveAttribute(perform)], cancellationToken).ConfigureAwait(false)
            : document;
    }
}
