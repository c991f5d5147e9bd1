using System.Collections.Generic;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Microsoft.CodeAnalysis.Text;

namespace Jobs.CodeFixes;

/// <summary>Changes to a document's text. They touch nothing but what they add or remove, so people's layout stays as it is.</summary>
static class Edits
{
    public static async Task<Document> ChangeAsync(this Document document, IEnumerable<TextChange> changes, CancellationToken cancellationToken)
    {
        var text = await document.GetTextAsync(cancellationToken).ConfigureAwait(false);
        return document.WithText(text.WithChanges(changes));
    }

    /// <summary>Makes the type, and those around it, partial.</summary>
    public static IEnumerable<TextChange> MakePartial(TypeDeclarationSyntax type) =>
        type.AncestorsAndSelf().OfType<TypeDeclarationSyntax>()
            .Where(static type => !type.Modifiers.Any(SyntaxKind.PartialKeyword))
            .Select(static type => Insert(type.Keyword.SpanStart, "partial "))
            .OrderBy(static change => change.Span.Start);

    /// <summary>Puts an attribute in front of a declaration: on a line of its own, if the declaration begins one.</summary>
    public static TextChange AddAttribute(SyntaxNode declaration, string attribute, SourceText text)
    {
        var line = text.Lines.GetLineFromPosition(declaration.SpanStart);
        var indent = text.ToString(TextSpan.FromBounds(line.Start, declaration.SpanStart));
        var lineBreak = text.ToString(TextSpan.FromBounds(line.End, line.EndIncludingLineBreak));
        return Insert(declaration.SpanStart, string.IsNullOrWhiteSpace(indent) && lineBreak.Length > 0
            ? $"[{attribute}]{lineBreak}{indent}"
            : $"[{attribute}] ");
    }

    /// <summary>Takes an attribute away, and with the last one of a list the list, and its line.</summary>
    public static TextChange RemoveAttribute(AttributeSyntax attribute)
    {
        var list = (AttributeListSyntax)attribute.Parent!;
        var index = list.Attributes.IndexOf(attribute);
        if (list.Attributes.Count > 1)
        {
            var attributes = list.Attributes;
            return index == 0
                ? Remove(attribute.SpanStart, attributes[1].SpanStart)
                : Remove(attributes.GetSeparator(index - 1).SpanStart, attribute.Span.End);
        }

        var next = list.GetLastToken().GetNextToken();
        var isBlank = list.GetTrailingTrivia().Concat(next.LeadingTrivia).All(
            static trivia => trivia.IsKind(SyntaxKind.WhitespaceTrivia) || trivia.IsKind(SyntaxKind.EndOfLineTrivia));
        return Remove(list.SpanStart, isBlank ? next.SpanStart : list.Span.End);
    }

    /// <summary>Adds a using directive where the System ones are sorted first.</summary>
    public static TextChange Import(CompilationUnitSyntax root, string space, SourceText text)
    {
        var before = root.Usings.LastOrDefault(
            directive => directive is { StaticKeyword.RawKind: 0, Alias: null, Name: { } name } && string.CompareOrdinal(name.ToString(), space) < 0 && IsOfSystem(name.ToString()));
        if (before is not null)
            return Insert(before.Span.End, $"{LineBreakOf(text)}using {space};");
        if (root.Usings.Count > 0)
            return Insert(root.Usings[0].SpanStart, $"using {space};{LineBreakOf(text)}");

        // A file's header stays above, and the documentation of its first type below.
        var first = root.GetFirstToken();
        var documentation = first.LeadingTrivia.FirstOrDefault(static trivia => trivia.HasStructure && trivia.GetStructure() is DocumentationCommentTriviaSyntax);
        var position = documentation == default ? first.SpanStart : documentation.FullSpan.Start;
        return Insert(position, $"using {space};{LineBreakOf(text)}{LineBreakOf(text)}");
    }

    static bool IsOfSystem(string space) => space == "System" || space.StartsWith("System.", System.StringComparison.Ordinal);

    public static string LineBreakOf(SourceText text)
    {
        var line = text.Lines[0];
        return line.End < line.EndIncludingLineBreak ? text.ToString(TextSpan.FromBounds(line.End, line.EndIncludingLineBreak)) : "\n";
    }

    /// <summary>What stands before the declaration on its line, if that is white space.</summary>
    public static string IndentOf(SyntaxNode declaration, SourceText text)
    {
        var before = text.ToString(TextSpan.FromBounds(text.Lines.GetLineFromPosition(declaration.SpanStart).Start, declaration.SpanStart));
        return string.IsNullOrWhiteSpace(before) ? before : "";
    }

    public static TextChange Insert(int position, string text) => new(new TextSpan(position, 0), text);

    public static TextChange Remove(int start, int end) => new(TextSpan.FromBounds(start, end), "");
}
