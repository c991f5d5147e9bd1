using System.Collections.Generic;
using System.Collections.Immutable;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Jobs.CodeFixes;

/// <summary>A <c>JsonSerializerContext</c> that a person has written, and may add to.</summary>
sealed class JsonContext
{
    readonly INamedTypeSymbol _symbol;
    readonly ClassDeclarationSyntax _declaration;

    JsonContext(INamedTypeSymbol symbol, ClassDeclarationSyntax declaration) => (_symbol, _declaration) = (symbol, declaration);

    /// <summary>The key of a context that is yet to be written.</summary>
    public const string New = "New";

    const string Space = "System.Text.Json.Serialization";
    const string NewName = "JobsJsonContext";

    public string Name => _symbol.Name;

    public string Key => _symbol.ToDisplayString();

    public static IReadOnlyList<JsonContext> AllOf(Compilation compilation, Solution solution, CancellationToken cancellationToken) =>
    [
        .. from symbol in compilation.GetSymbolsWithName(static _ => true, SymbolFilter.Type, cancellationToken).OfType<INamedTypeSymbol>()
           where symbol.BaseType is { } parent && Names.Is(parent, Space, "JsonSerializerContext")
           let declaration = Typed(symbol, solution, cancellationToken)
           where declaration is not null
           orderby symbol.Name
           select new JsonContext(symbol, declaration),
    ];

    static ClassDeclarationSyntax? Typed(INamedTypeSymbol symbol, Solution solution, CancellationToken cancellationToken) =>
        symbol.DeclaringSyntaxReferences
            .Where(reference => solution.GetDocument(reference.SyntaxTree) is not null and not SourceGeneratedDocument)
            .Select(reference => reference.GetSyntax(cancellationToken)).OfType<ClassDeclarationSyntax>()
            .Where(static declaration => declaration.Modifiers.Any(SyntaxKind.PartialKeyword))
            .OrderByDescending(static declaration => declaration.BaseList is not null)
            .FirstOrDefault();

    /// <summary>The type that is not covered yet, as the diagnostic gives it.</summary>
    public static ITypeSymbol? TypeAt(SemanticModel model, Diagnostic diagnostic) =>
        diagnostic.Properties.TryGetValue("Type", out var text) && text is not null &&
        model.GetSpeculativeTypeInfo(diagnostic.Location.SourceSpan.Start, SyntaxFactory.ParseTypeName(text), SpeculativeBindingOption.BindAsTypeOrNamespace).Type
            is { TypeKind: not TypeKind.Error } type ? type : null;

    /// <summary>Covers the types of the diagnostics, each once.</summary>
    public static async Task<Solution> CoverAsync(Project project, string key, ImmutableArray<Diagnostic> diagnostics, CancellationToken cancellationToken)
    {
        var types = new List<ITypeSymbol>();
        var first = (Document: default(Document), Position: int.MaxValue);
        foreach (var diagnostic in diagnostics)
        {
            if (project.GetDocument(diagnostic.Location.SourceTree) is not { } document ||
                await document.GetSemanticModelAsync(cancellationToken).ConfigureAwait(false) is not { } model ||
                TypeAt(model, diagnostic) is not { } type)
                continue;
            if (!types.Contains(type, SymbolEqualityComparer.Default))
                types.Add(type);
            if (first.Document is null || (first.Document.Id == document.Id && diagnostic.Location.SourceSpan.Start < first.Position))
                first = (document, diagnostic.Location.SourceSpan.Start);
        }

        if (first.Document is null || await project.GetCompilationAsync(cancellationToken).ConfigureAwait(false) is not { } compilation)
            return project.Solution;
        var existing = AllOf(compilation, project.Solution, cancellationToken).FirstOrDefault(context => context.Key == key);
        var changed = existing is null
            ? await WriteAsync(first.Document, first.Position, types, cancellationToken).ConfigureAwait(false)
            : await existing.AddAsync(project, types, cancellationToken).ConfigureAwait(false);
        return changed.Project.Solution;
    }

    async Task<Document> AddAsync(Project project, List<ITypeSymbol> types, CancellationToken cancellationToken)
    {
        var document = project.GetDocument(_declaration.SyntaxTree)!;
        var model = (await document.GetSemanticModelAsync(cancellationToken).ConfigureAwait(false))!;
        var text = await document.GetTextAsync(cancellationToken).ConfigureAwait(false);
        var position = _declaration.SpanStart;
        var name = Names.AttributeAt(model, position, Space, "JsonSerializable");
        var attributes = types.Select(type => Edits.AddAttribute(_declaration, Covering(name, type, model, position), text).NewText);
        return await document.ChangeAsync([Edits.Insert(position, string.Concat(attributes))], cancellationToken).ConfigureAwait(false);
    }

    static async Task<Document> WriteAsync(Document document, int position, List<ITypeSymbol> types, CancellationToken cancellationToken)
    {
        var model = (await document.GetSemanticModelAsync(cancellationToken).ConfigureAwait(false))!;
        var text = await document.GetTextAsync(cancellationToken).ConfigureAwait(false);
        var root = (CompilationUnitSyntax)(await document.GetSyntaxRootAsync(cancellationToken).ConfigureAwait(false))!;
        var record = root.FindToken(position).Parent!.AncestorsAndSelf().OfType<BaseTypeDeclarationSyntax>().Last();

        var isFree = model.LookupNamespacesAndTypes(record.SpanStart, name: "JsonSerializerContext").IsEmpty &&
            model.LookupNamespacesAndTypes(record.SpanStart, name: "JsonSerializable").IsEmpty &&
            model.LookupNamespacesAndTypes(record.SpanStart, name: "JsonSerializableAttribute").IsEmpty;
        var attribute = isFree ? "JsonSerializable" : Names.AttributeAt(model, record.SpanStart, Space, "JsonSerializable");
        var parent = isFree ? "JsonSerializerContext" : Names.TypeAt(model, record.SpanStart, Space, "JsonSerializerContext");

        var lineBreak = Edits.LineBreakOf(text);
        var indent = lineBreak + Edits.IndentOf(record, text);
        var attributes = types.Select(type => $"{indent}[{Covering(attribute, type, model, record.SpanStart)}]");
        var context = Edits.Insert(record.Span.End, $"{lineBreak}{string.Concat(attributes)}{indent}internal sealed partial class {FreeName(model, record.SpanStart)} : {parent};");
        return await document.ChangeAsync(isFree ? [Edits.Import(root, Space, text), context] : [context], cancellationToken).ConfigureAwait(false);
    }

    static string Covering(string attribute, ITypeSymbol type, SemanticModel model, int position) =>
        $"{attribute}(typeof({type.WithNullableAnnotation(NullableAnnotation.NotAnnotated).ToMinimalDisplayString(model, position)}))";

    static string FreeName(SemanticModel model, int position)
    {
        var name = NewName;
        for (var number = 2; !model.LookupNamespacesAndTypes(position, name: name).IsEmpty; number++)
            name = $"{NewName}{number}";
        return name;
    }
}
