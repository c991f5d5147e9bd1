using Jobs.Generators.Model;
using Jobs.Generators.Text;
using Microsoft.CodeAnalysis.CSharp;

namespace Jobs.Generators;

/// <summary>Emits the <c>Where</c> of a worker.</summary>
static class FilterEmitter
{
    public static void EmitWhere(SourceWriter writer, FilterModel filter, string thisWorker, string argsJson)
    {
        writer.WriteLine("/// <summary>The jobs of this worker, for <c>JobClient</c> to read or to change, whose args have the values that are given.</summary>");
        foreach (var member in filter.Members)
            writer.WriteLine($"/// <param name=\"{member.Parameter.TrimStart('@')}\">The value of <c>{Xml(member.Member.Key)}</c>; any if it is left out.</param>");
        writer.WriteLine($$"""
            {{filter.Modifiers}} global::Jobs.JobFilter Where({{Parameters(filter, " = default")}}) =>
                global::Jobs.JobFilter.Create({{thisWorker}}.Definition, json => {{argsJson}}.WriteGiven({{string.Join(", ", filter.Members.Select(static member => member.Parameter).Prepend("json"))}}));

            """);
    }

    public static void EmitWriter(SourceWriter writer, FilterModel filter)
    {
        writer.WriteLine($$"""
            public static void WriteGiven(global::System.Text.Json.Utf8JsonWriter json,{{(filter.Members.Count == 1 ? " " : "")}}{{Parameters(filter, "")}})
            {
            """);
        using (writer.Indent())
            ArgsWriterEmitter.EmitGiven(writer, filter);
        writer.WriteLine("}");
    }

    static string Parameters(FilterModel filter, string ending)
    {
        var parameters = filter.Members.Select(member => $"global::Jobs.ArgValue<{member.Type}> {member.Parameter}{ending}").ToList();
        return parameters.Count == 1 ? parameters[0] : "\n    " + string.Join(",\n    ", parameters);
    }

    // A line of a comment ends where the text has an end of line, of any kind.
    static string Xml(string text) => SymbolDisplay.FormatLiteral(text, quote: false).Replace("&", "&amp;").Replace("<", "&lt;").Replace(">", "&gt;");
}
