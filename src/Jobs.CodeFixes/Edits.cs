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

    public static TextChange Insert(int position, string text) => new(new TextSpan(position, 0), text);

    static TextChange Remove(int start, int end) => new(TextSpan.FromBounds(start, end), "");
}
