using System.Collections.Immutable;
using System.Composition;
using System.Threading.Tasks;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CodeActions;
using Microsoft.CodeAnalysis.CodeFixes;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Jobs.CodeFixes;

/// <summary>Makes a worker, and the types it is nested in, partial.</summary>
[ExportCodeFixProvider(LanguageNames.CSharp, Name = nameof(MakePartialFix)), Shared]
public sealed class MakePartialFix : CodeFixProvider
{
    const string WorkerNotPartial = "JOB001";
    const string ContainerNotPartial = "JOB002";

    /// <inheritdoc/>
    public override ImmutableArray<string> FixableDiagnosticIds => [WorkerNotPartial, ContainerNotPartial];

    /// <inheritdoc/>
    public override FixAllProvider GetFixAllProvider() => WellKnownFixAllProviders.BatchFixer;

    /// <inheritdoc/>
    public override async Task RegisterCodeFixesAsync(CodeFixContext context)
    {
        var root = await context.Document.GetSyntaxRootAsync(context.CancellationToken).ConfigureAwait(false);
        if (root?.FindNode(context.Span).FirstAncestorOrSelf<TypeDeclarationSyntax>() is not { } worker || IsInGeneric(worker))
            return;

        var title = worker.Parent is TypeDeclarationSyntax
            ? $"Make {worker.Identifier.ValueText} and the types around it partial"
            : $"Make {worker.Identifier.ValueText} partial";
        context.RegisterCodeFix(
            CodeAction.Create(
                title,
                cancellationToken => context.Document.ChangeAsync(Edits.MakePartial(worker), cancellationToken),
                equivalenceKey: nameof(MakePartialFix)),
            context.Diagnostics);
    }

    // Partial does not help there: the worker has to move out.
    static bool IsInGeneric(TypeDeclarationSyntax worker)
    {
        for (var outer = worker.Parent as TypeDeclarationSyntax; outer is not null; outer = outer.Parent as TypeDeclarationSyntax)
        {
            if (outer.Arity > 0)
                return true;
        }

        return false;
    }
}
