using Jobs.Generators.Diagnostics;
using Jobs.Generators.Model;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Jobs.Generators;

/// <summary>The options of <c>[Worker]</c>.</summary>
sealed partial class WorkerParser
{
    const int LongestQueue = 200;
    const int MostAttempts = 1000;
    const int LastPriority = 9;
    const int LongestTimeout = 7 * 24 * 60 * 60;
    const int MostTags = 50;
    const int LongestTag = 100;

    T Option<T>(string option, T byDefault, Func<T, bool> isAllowed, string range)
    {
        foreach (var argument in _attribute.NamedArguments)
        {
            if (argument.Key != option || argument.Value.Value is not T value)
                continue;
            if (isAllowed(value))
                return value;
            Report(JobDiagnostics.OptionOutOfRange, OptionLocation(option), option, _worker.Name, range);
        }

        return byDefault;
    }

    EquatableArray<string> ParseAliases(string name)
    {
        var aliases = new List<string>();
        var given = _attribute.NamedArguments.FirstOrDefault(static argument => argument.Key == "Aliases").Value;
        if (given is not { Kind: TypedConstantKind.Array, IsNull: false })
            return EquatableArray<string>.Empty;
        foreach (var alias in given.Values.Select(static value => value.Value as string ?? ""))
        {
            if (AliasMisuse() is { } range)
                Report(JobDiagnostics.OptionOutOfRange, OptionLocation("Aliases"), "Aliases", _worker.Name, range);
            else
                aliases.Add(alias);

            string? AliasMisuse() =>
                !IsText(alias) ? "names of 1 to 200 characters, none of them NUL."
                : alias == name ? $"names that it had before: {Quote(alias)} is its own."
                : aliases.Contains(alias) ? $"different names: {Quote(alias)} is there twice."
                : null;
        }

        return aliases.ToEquatableArray();
    }

    EquatableArray<string> ParseTags()
    {
        var given = _attribute.NamedArguments.FirstOrDefault(static argument => argument.Key == "Tags").Value;
        if (given is not { Kind: TypedConstantKind.Array, IsNull: false })
            return EquatableArray<string>.Empty;
        var tags = given.Values.Select(static value => value.Value as string ?? "").Distinct(StringComparer.Ordinal).ToEquatableArray();
        if (tags.Count <= MostTags && tags.All(static tag => IsText(tag) && tag.Length <= LongestTag))
            return tags;
        Report(JobDiagnostics.OptionOutOfRange, OptionLocation("Tags"), "Tags", _worker.Name, "at most 50 texts of 1 to 100 characters, none of them NUL.");
        return EquatableArray<string>.Empty;
    }

    static string Quote(string text) => SymbolDisplay.FormatLiteral(text, quote: true);

    static bool IsText(string text) => !string.IsNullOrWhiteSpace(text) && text.Length <= LongestQueue && Types.IsStorable(text);

    Location OptionLocation(string option)
    {
        var attribute = _attribute.ApplicationSyntaxReference?.GetSyntax(_cancellationToken) as AttributeSyntax;
        var argument = attribute?.ArgumentList?.Arguments.FirstOrDefault(argument => argument.NameEquals?.Name.Identifier.ValueText == option);
        return argument?.GetLocation() ?? _syntax.Identifier.GetLocation();
    }
}
