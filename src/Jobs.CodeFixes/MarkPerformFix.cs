using System.Collections.Generic;
using System.Collections.Immutable;
using System.Composition;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CodeActions;
using Microsoft.CodeAnalysis.CodeFixes;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Jobs.CodeFixes;

/// <summary>Marks a method with <c>[Perform]</c> that takes and returns what a perform method does. Offers each such method.</summary>
[ExportCodeFixProvider(LanguageNames.CSharp, Name = nameof(MarkPerformFix)), Shared]
public sealed class MarkPerformFix : CodeFixProvider
{
    const string NoPerform = "JOB004";

    /// <inheritdoc/>
    public override ImmutableArray<string> FixableDiagnosticIds => [NoPerform];

    /// <inheritdoc/>
    public override FixAllProvider GetFixAllProvider() => WellKnownFixAllProviders.BatchFixer;

    /// <inheritdoc/>
    public override async Task RegisterCodeFixesAsync(CodeFixContext context)
    {
        var root = await context.Document.GetSyntaxRootAsync(context.CancellationToken).ConfigureAwait(false);
        var model = await context.Document.GetSemanticModelAsync(context.CancellationToken).ConfigureAwait(false);
        if (root?.FindNode(context.Span).FirstAncestorOrSelf<TypeDeclarationSyntax>() is not { } syntax || model is null ||
            model.GetDeclaredSymbol(syntax, context.CancellationToken) is not { } worker)
            return;

        foreach (var method in worker.GetMembers().OfType<IMethodSymbol>().Where(LooksLikePerform))
        {
            // Fix-all marks the methods of this name in all workers.
            var title = $"Mark {method.Name} with [Perform]";
            if (DeclarationOf(method, context.Document.Project.Solution, context.CancellationToken) is var (document, declaration))
            {
                context.RegisterCodeFix(
                    CodeAction.Create(title, cancellationToken => MarkAsync(document, declaration, cancellationToken), equivalenceKey: title),
                    context.Diagnostics);
            }
        }
    }

    // One record is the args. A BatchRef is a record too, and comes from the job.
    static bool LooksLikePerform(IMethodSymbol method) =>
        method is { MethodKind: MethodKind.Ordinary, IsGenericMethod: false, IsImplicitlyDeclared: false } &&
        method.Parameters.All(static parameter => parameter.RefKind is RefKind.None) &&
        method.Parameters.Count(static parameter => parameter.Type is { IsRecord: true, IsValueType: false } type && !Names.Is(type, "Jobs", "BatchRef")) == 1 &&
        Returns(method);

    static bool Returns(IMethodSymbol method) => method.ReturnType switch
    {
        _ when method.ReturnsVoid => !method.IsAsync,
        INamedTypeSymbol { Arity: 0 } type => IsTask(type) || IsOutcome(type),
        INamedTypeSymbol { Arity: 1 } type => IsTask(type) && IsOutcome(type.TypeArguments[0]),
        _ => false,
    };

    static bool IsTask(ITypeSymbol type) =>
        Names.Is(type, "System.Threading.Tasks", "Task") || Names.Is(type, "System.Threading.Tasks", "ValueTask");

    static bool IsOutcome(ITypeSymbol type) => Names.Is(type, "Jobs", "JobOutcome");

    // Another part of the worker may have it.
    static (Document, MethodDeclarationSyntax)? DeclarationOf(IMethodSymbol method, Solution solution, CancellationToken cancellationToken)
    {
        IEnumerable<(Document, MethodDeclarationSyntax)> declarations =
            from reference in method.DeclaringSyntaxReferences
            let document = solution.GetDocument(reference.SyntaxTree)
            let declaration = reference.GetSyntax(cancellationToken) as MethodDeclarationSyntax
            where document is not null and not SourceGeneratedDocument && declaration is not null
            select (document, declaration);
        foreach (var found in declarations)
            return found;
        return null;
    }

    static async Task<Document> MarkAsync(Document document, MethodDeclarationSyntax method, CancellationToken cancellationToken)
    {
        var model = await document.GetSemanticModelAsync(cancellationToken).ConfigureAwait(false);
        var text = await document.GetTextAsync(cancellationToken).ConfigureAwait(false);
        var name = Names.AttributeAt(model!, method.SpanStart, "Jobs", "Perform");
        return await document.ChangeAsync([Edits.AddAttribute(method, name, text)], cancellationToken).ConfigureAwait(false);
    }
}
