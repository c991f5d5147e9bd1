using System.Collections.Generic;
using System.Collections.Immutable;
using System.Composition;
using System.Threading;
using System.Threading.Tasks;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CodeActions;
using Microsoft.CodeAnalysis.CodeFixes;

namespace Jobs.CodeFixes;

/// <summary>Has a <c>JsonSerializerContext</c> cover the type of a member: one of the project's, or where it has none, a new one.</summary>
[ExportCodeFixProvider(LanguageNames.CSharp, Name = nameof(CoverTypeFix)), Shared]
public sealed class CoverTypeFix : CodeFixProvider
{
    const string NotCovered = "JOB018";

    /// <inheritdoc/>
    public override ImmutableArray<string> FixableDiagnosticIds => [NotCovered];

    /// <inheritdoc/>
    public override FixAllProvider GetFixAllProvider() => new CoverAllTypes();

    /// <inheritdoc/>
    public override async Task RegisterCodeFixesAsync(CodeFixContext context)
    {
        var model = await context.Document.GetSemanticModelAsync(context.CancellationToken).ConfigureAwait(false);
        if (model is null || JsonContext.TypeAt(model, context.Diagnostics[0]) is not { } type)
            return;

        var name = type.ToDisplayString(SymbolDisplayFormat.MinimallyQualifiedFormat);
        var contexts = JsonContext.AllOf(model.Compilation, context.Document.Project.Solution, context.CancellationToken);
        foreach (var existing in contexts)
            Register(context, $"Add [JsonSerializable(typeof({name}))] to {existing.Name}", existing.Key);
        if (contexts.Count == 0)
            Register(context, $"Add a JsonSerializerContext for {name}", JsonContext.New);
    }

    static void Register(CodeFixContext context, string title, string key) => context.RegisterCodeFix(
        CodeAction.Create(
            title,
            cancellationToken => JsonContext.CoverAsync(context.Document.Project, key, context.Diagnostics, cancellationToken),
            equivalenceKey: key),
        context.Diagnostics);

    /// <summary>One new context, or one edit of an existing one, for all types of a project.</summary>
    sealed class CoverAllTypes : FixAllProvider
    {
        public override async Task<CodeAction?> GetFixAsync(FixAllContext fixAllContext)
        {
            var key = fixAllContext.CodeActionEquivalenceKey!;
            var projects = new List<(ProjectId Project, ImmutableArray<Diagnostic> Diagnostics)>();
            if (fixAllContext is { Scope: FixAllScope.Document, Document: { } document })
            {
                projects.Add((document.Project.Id, await fixAllContext.GetDocumentDiagnosticsAsync(document).ConfigureAwait(false)));
            }
            else
            {
                foreach (var project in fixAllContext.Scope is FixAllScope.Solution ? fixAllContext.Solution.Projects : [fixAllContext.Project])
                    projects.Add((project.Id, await fixAllContext.GetAllDiagnosticsAsync(project).ConfigureAwait(false)));
            }

            return CodeAction.Create("Have a JsonSerializerContext cover all types", cancellationToken => CoverAsync(fixAllContext.Solution, key, projects, cancellationToken), key);
        }

        static async Task<Solution> CoverAsync(
            Solution solution, string key, List<(ProjectId Project, ImmutableArray<Diagnostic> Diagnostics)> projects, CancellationToken cancellationToken)
        {
            foreach (var (project, diagnostics) in projects)
                solution = await JsonContext.CoverAsync(solution.GetProject(project)!, key, diagnostics, cancellationToken).ConfigureAwait(false);
            return solution;
        }
    }
}
