using System.Globalization;
using System.Text;
using System.Text.Json;
using Microsoft.CodeAnalysis.CSharp;

namespace Jobs.Generators.Tests.RandomWorkers;

/// <summary>The C# of random workers. Those of one program are told apart by their numbers: <c>W3</c> performs <c>R3_0</c> by <c>P3_0</c>.</summary>
sealed class WorkerSource
{
    static readonly string Shared = File.ReadAllText(Path.Combine(TestFiles.Project, "RandomWorkers", "SharedTypes.cs"));

    readonly StringBuilder _source = new();
    readonly StringBuilder _inner = new();

    WorkerSource()
    {
    }

    public static string Of(IReadOnlyList<RandomWorker> workers)
    {
        var source = new WorkerSource();
        source._source.Append("""
            using System;
            using System.Collections.Generic;
            using System.Collections.Immutable;
            using Jobs;

            """).Append(Shared);
        for (var i = 0; i < workers.Count; i++)
            source.AddWorker(workers[i], i.ToString(CultureInfo.InvariantCulture));
        return source._source.ToString();
    }

    /// <summary>A worker for a person to read, without what all of them share.</summary>
    public static string Shown(RandomWorker worker)
    {
        var source = new WorkerSource();
        source.AddWorker(worker, "0");
        return source._source.ToString();
    }

    void AddWorker(RandomWorker worker, string number)
    {
        for (var i = 0; i < worker.Records.Count; i++)
        {
            foreach (var constant in worker.Records[i].Constants)
                _source.Append($"[Matches({Literal(constant.Key)}, {ConstantOf(constant.Value)})]\n");
            AddType(i % 2 == 0 ? "sealed record" : "record", $"R{number}_{i}", worker.Records[i].Members);
            _source.Append(_inner);
            _inner.Clear();
        }

        _source.Append($"[Worker] public partial class W{number}\n{{\n");
        for (var i = 0; i < worker.Records.Count; i++)
            _source.Append($"    [Perform] public void P{number}_{i}(R{number}_{i} args) {{ Log.Lines.Add({i}); Log.Lines.Add(args); }}\n");
        _source.Append("}\n");
    }

    void AddType(string keyword, string name, IReadOnlyList<Member> members)
    {
        var types = members.ToDictionary(member => member, member => TypeOf(member.Type, $"{name}_{member.PlainName}"));
        var parameters = members.Where(member => member.Place is Place.Positional or Place.PositionalWithDefault)
            .OrderBy(member => member.Place)
            .Select(member => $"{Attributes(member, "property: ")}{types[member]} {member.Name}{(member.Place is Place.PositionalWithDefault ? " = " + Default(member.Type) : "")}")
            .ToList();
        _source.Append($"public {keyword} {name}{(parameters.Count > 0 ? $"({string.Join(", ", parameters)})" : "")}\n{{\n");
        foreach (var member in members.Where(member => member.Place is not (Place.Positional or Place.PositionalWithDefault)))
        {
            var required = member.Place is Place.Required ? "required " : "";
            var setter = member.Place is Place.Set ? "set" : "init";
            var value = member.Place is Place.InitWithValue ? $" = {Value(member.Type)};" : "";
            _source.Append($"    {Attributes(member, "")}public {required}{types[member]} {member.Name} {{ get; {setter}; }}{value}\n");
        }

        _source.Append("}\n");
    }

    static string Attributes(Member member, string target)
    {
        var attributes = new StringBuilder();
        if (member.IsRenamed)
            attributes.Append($"[{target}JsonPropertyName({Literal(member.Key)})] ");
        if (member.IsJsonRequired)
            attributes.Append($"[{target}JsonRequired] ");
        return attributes.Append(member.Role switch
        {
            Role.Ignored => $"[{target}JsonIgnore] ",
            // A parameter may have it itself.
            Role.FromBatch => member.IsRenamed ? $"[{target}FromBatch] " : "[FromBatch] ",
            _ => "",
        }).ToString();
    }

    string TypeOf(MemberType type, string name)
    {
        var form = type.Form switch
        {
            Plain plain => plain.Name,
            Many many => string.Format(CultureInfo.InvariantCulture, many.Name, TypeOf(many.Items, name + "_")),
            Inner inner => Declare(inner, name),
            _ => throw new InvalidOperationException(),
        };
        return type.IsNullable ? form + "?" : form;
    }

    string Declare(Inner inner, string name)
    {
        var source = new WorkerSource();
        source.AddType(inner.Keyword, name, inner.Members);
        _inner.Append(source._source).Append(source._inner);
        return name;
    }

    /// <summary>What a parameter of the type can have as its default; <see langword="null"/> if it needs a value that is no constant.</summary>
    public static string? Default(MemberType type) => type switch
    {
        { Form: Plain { Constant: { } constant } } => constant,
        { IsNullable: true } => "null",
        { Form: Plain { Type.IsValueType: true } } => "default",
        _ => null,
    };

    static string Value(MemberType type) => type.Form switch
    {
        Plain plain => plain.Example,
        Many many when many.Name.Contains("Dictionary", StringComparison.Ordinal) => "null!",
        Many => "[]",
        Inner { Keyword: var keyword } when keyword.Contains("struct", StringComparison.Ordinal) => "default",
        _ => "null!",
    };

    static string ConstantOf(JsonElement constant) => constant.ValueKind is JsonValueKind.String ? Literal(constant.GetString()!) : constant.GetRawText();

    static string Literal(string text) => SymbolDisplay.FormatLiteral(text, quote: true);
}
