using System.Collections.Generic;
using System.Collections.Immutable;
using System.Composition;
using System.Globalization;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using Jobs.Generators.Text;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CodeActions;
using Microsoft.CodeAnalysis.CodeFixes;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Jobs.CodeFixes;

/// <summary>Gives the later of two records that clash a constant, under a key that no other record of the worker has as a member.</summary>
[ExportCodeFixProvider(LanguageNames.CSharp, Name = nameof(AddMatchesFix)), Shared]
public sealed class AddMatchesFix : CodeFixProvider
{
    const string ShapesClash = "JOB011";
    const string ArgsSuffix = "Args";

    static readonly string[] UsualKeys = ["kind", "type", "record"];

    /// <inheritdoc/>
    public override ImmutableArray<string> FixableDiagnosticIds => [ShapesClash];

    /// <inheritdoc/>
    public override FixAllProvider GetFixAllProvider() => WellKnownFixAllProviders.BatchFixer;

    /// <inheritdoc/>
    public override async Task RegisterCodeFixesAsync(CodeFixContext context)
    {
        var root = await context.Document.GetSyntaxRootAsync(context.CancellationToken).ConfigureAwait(false);
        var model = await context.Document.GetSemanticModelAsync(context.CancellationToken).ConfigureAwait(false);
        if (root?.FindNode(context.Span).FirstAncestorOrSelf<MethodDeclarationSyntax>() is not { } syntax || model is null ||
            model.GetDeclaredSymbol(syntax, context.CancellationToken) is not { } perform ||
            ArgsOf(perform) is not { } record ||
            DeclarationOf(record, context.Document.Project.Solution, context.CancellationToken) is not var (document, declaration))
            return;

        var constant = Constant(record, [.. perform.ContainingType.GetMembers().OfType<IMethodSymbol>().Where(IsPerform).Select(ArgsOf).OfType<INamedTypeSymbol>()]);
        context.RegisterCodeFix(
            CodeAction.Create(
                $"Add [Matches{constant}] to {record.Name}",
                cancellationToken => AddAsync(document, declaration, constant, cancellationToken),
                equivalenceKey: nameof(AddMatchesFix)),
            context.Diagnostics);
    }

    static bool IsPerform(IMethodSymbol method) =>
        method.GetAttributes().Any(static attribute => attribute.AttributeClass is { } type && Names.Is(type, "Jobs", "PerformAttribute"));

    static INamedTypeSymbol? ArgsOf(IMethodSymbol perform) => perform.Parameters
        .Select(static parameter => parameter.Type).OfType<INamedTypeSymbol>()
        .FirstOrDefault(static type => type is { IsRecord: true, IsValueType: false } && !Names.Is(type, "Jobs", "BatchRef"));

    static (Document, RecordDeclarationSyntax)? DeclarationOf(INamedTypeSymbol record, Solution solution, CancellationToken cancellationToken)
    {
        foreach (var reference in record.DeclaringSyntaxReferences)
        {
            if (solution.GetDocument(reference.SyntaxTree) is { } document and not SourceGeneratedDocument &&
                reference.GetSyntax(cancellationToken) is RecordDeclarationSyntax declaration)
                return (document, declaration);
        }

        return null;
    }

    /// <summary><c>("kind", "reminder")</c></summary>
    static string Constant(INamedTypeSymbol record, IReadOnlyList<INamedTypeSymbol> records)
    {
        var taken = new HashSet<string>(records.SelectMany(MemberKeys).Concat(Constants(record).Select(static constant => constant.Key)));
        var key = UsualKeys.Concat(Numbered(UsualKeys[0])).First(key => !taken.Contains(key));
        var values = new HashSet<object?>(records.SelectMany(Constants).Where(constant => constant.Key == key).Select(static constant => constant.Value));
        var name = JsonText.SnakeCase(Stem(record.Name));
        var value = new[] { name }.Concat(Numbered(name + "_")).First(value => !values.Contains(value));
        return $"({SymbolDisplay.FormatLiteral(key, quote: true)}, {SymbolDisplay.FormatLiteral(value, quote: true)})";
    }

    static string Stem(string name) =>
        name.Length > ArgsSuffix.Length && name.EndsWith(ArgsSuffix, System.StringComparison.Ordinal) ? name.Substring(0, name.Length - ArgsSuffix.Length) : name;

    static IEnumerable<string> Numbered(string name)
    {
        for (var number = 2; ; number++)
            yield return name + number.ToString(CultureInfo.InvariantCulture);
    }

    static IEnumerable<string> MemberKeys(INamedTypeSymbol record)
    {
        for (var type = record; type is not null; type = type.BaseType)
        {
            foreach (var property in type.GetMembers().OfType<IPropertySymbol>())
                yield return Renamed(property) ?? JsonText.SnakeCase(property.Name);
        }
    }

    static string? Renamed(IPropertySymbol property) => property.GetAttributes()
        .Where(static attribute => attribute.AttributeClass is { } type && Names.Is(type, "System.Text.Json.Serialization", "JsonPropertyNameAttribute"))
        .Select(static attribute => attribute.ConstructorArguments.FirstOrDefault().Value as string)
        .FirstOrDefault();

    static IEnumerable<(string Key, object? Value)> Constants(INamedTypeSymbol record) =>
        from attribute in record.GetAttributes()
        where attribute.AttributeClass is { } type && Names.Is(type, "Jobs", "MatchesAttribute") && attribute.ConstructorArguments.Length == 2
        let key = attribute.ConstructorArguments[0].Value as string
        where key is not null
        select (key, attribute.ConstructorArguments[1].Value);

    static async Task<Document> AddAsync(Document document, RecordDeclarationSyntax record, string constant, CancellationToken cancellationToken)
    {
        var model = await document.GetSemanticModelAsync(cancellationToken).ConfigureAwait(false);
        var text = await document.GetTextAsync(cancellationToken).ConfigureAwait(false);
        var name = Names.AttributeAt(model!, record.SpanStart, "Jobs", "Matches");
        return await document.ChangeAsync([Edits.AddAttribute(record, name + constant, text)], cancellationToken).ConfigureAwait(false);
    }
}
