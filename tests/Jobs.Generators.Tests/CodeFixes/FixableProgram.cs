using System.Collections.Immutable;
using Jobs.CodeFixes;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CodeActions;
using Microsoft.CodeAnalysis.CodeFixes;
using Microsoft.CodeAnalysis.Text;

namespace Jobs.Generators.Tests.CodeFixes;

/// <summary>A user's program as an editor holds it: documents whose diagnostics come from a compilation with the generator and the analyzers.</summary>
sealed class FixableProgram
{
    public static readonly ImmutableArray<CodeFixProvider> Fixes =
    [
        new AddMatchesFix(), new CoverTypeFix(), new MakePartialFix(), new MarkPerformFix(), new PerformOutsideWorkerFix(), new RemoveModifierFix(), new ReturnTaskFix(),
    ];

    readonly Project _project;

    FixableProgram(Project project) => _project = project;

    public static FixableProgram Of(params IEnumerable<string> sources)
    {
        var program = UserProgram.Create("");
        var project = new AdhocWorkspace().AddProject("App", LanguageNames.CSharp)
            .WithMetadataReferences(program.References)
            .WithCompilationOptions(program.Options)
            .WithParseOptions(program.SyntaxTrees.Single().Options);
        foreach (var (number, source) in sources.Index())
            project = project.AddDocument($"{number}.cs", SourceText.From(source)).Project;
        return new FixableProgram(project);
    }

    static CancellationToken CancellationToken => TestContext.Current.CancellationToken;

    /// <summary>The text of its only document.</summary>
    public async Task<string> TextAsync() => (await _project.Documents.Single().GetTextAsync(CancellationToken)).ToString();

    /// <summary>The text of each document.</summary>
    public async Task<string[]> TextsAsync() =>
        await Task.WhenAll(_project.Documents.Select(async document => (await document.GetTextAsync(CancellationToken)).ToString()));

    /// <summary>The ids of its errors.</summary>
    public async Task<string[]> ErrorsAsync() => [.. (await DiagnoseAsync()).Select(diagnostic => diagnostic.Id)];

    /// <summary>What the light bulb of the first such error offers.</summary>
    public async Task<string[]> OffersAsync(string id) => [.. (await ActionsAsync(await FirstAsync(id))).Select(action => action.Title)];

    /// <summary>Applies what the light bulb of the first such error offers under that title.</summary>
    public async Task<FixableProgram> FixAsync(string id, string title) =>
        await ApplyAsync((await ActionsAsync(await FirstAsync(id))).Single(action => action.Title == title));

    /// <summary>Applies that offer to all such errors of the program at once.</summary>
    public async Task<FixableProgram> FixAllAsync(string id, string title)
    {
        var first = await FirstAsync(id);
        var fix = FixOf(id);
        var action = (await ActionsAsync(first)).Single(action => action.Title == title);
        var all = new FixAllContext(
            DocumentOf(first), fix, FixAllScope.Project, action.EquivalenceKey, [id], new DiagnosticsOf(this), CancellationToken);
        return await ApplyAsync((await fix.GetFixAllProvider()!.GetFixAsync(all))!);
    }

    async Task<IReadOnlyList<Diagnostic>> DiagnoseAsync() =>
        await UserProgram.From((await _project.GetCompilationAsync(CancellationToken))!).DiagnoseAsync();

    async Task<Diagnostic> FirstAsync(string id)
    {
        var documents = _project.DocumentIds.ToList();
        return (await DiagnoseAsync()).OrderBy(diagnostic => documents.IndexOf(DocumentOf(diagnostic).Id)).First(diagnostic => diagnostic.Id == id);
    }

    async Task<List<CodeAction>> ActionsAsync(Diagnostic diagnostic)
    {
        var actions = new List<CodeAction>();
        await FixOf(diagnostic.Id).RegisterCodeFixesAsync(
            new CodeFixContext(DocumentOf(diagnostic), diagnostic, (action, _) => actions.Add(action), CancellationToken));
        return actions;
    }

    async Task<FixableProgram> ApplyAsync(CodeAction action)
    {
        var changed = (await action.GetOperationsAsync(CancellationToken)).OfType<ApplyChangesOperation>().Single().ChangedSolution;
        return new FixableProgram(changed.GetProject(_project.Id)!);
    }

    Document DocumentOf(Diagnostic diagnostic) => _project.GetDocument(diagnostic.Location.SourceTree)!;

    static CodeFixProvider FixOf(string id) => Fixes.Single(fix => fix.FixableDiagnosticIds.Contains(id));

    sealed class DiagnosticsOf(FixableProgram program) : FixAllContext.DiagnosticProvider
    {
        public override async Task<IEnumerable<Diagnostic>> GetAllDiagnosticsAsync(Project project, CancellationToken cancellationToken) =>
            await program.DiagnoseAsync();

        public override async Task<IEnumerable<Diagnostic>> GetDocumentDiagnosticsAsync(Document document, CancellationToken cancellationToken) =>
            (await program.DiagnoseAsync()).Where(diagnostic => program.DocumentOf(diagnostic).Id == document.Id);

        public override Task<IEnumerable<Diagnostic>> GetProjectDiagnosticsAsync(Project project, CancellationToken cancellationToken) =>
            Task.FromResult(Enumerable.Empty<Diagnostic>());
    }
}
