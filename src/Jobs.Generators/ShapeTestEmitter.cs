using System.Globalization;
using Jobs.Generators.Model;
using Jobs.Generators.Text;
using Microsoft.CodeAnalysis.CSharp;

namespace Jobs.Generators;

/// <summary>Writes the method that finds which shape stored args have: one pass over their keys, then comparisons.</summary>
sealed class ShapeTestEmitter
{
    const int LongestLine = 120;

    readonly Locals _locals = new("args", "json");
    readonly Dictionary<string, List<Fact>> _facts = new(StringComparer.Ordinal);
    readonly List<string> _keys = [];
    readonly string _shape;

    ShapeTestEmitter(string shape) => _shape = shape;

    /// <summary>What the pass over the keys finds out: that a key is there, or that it holds a constant.</summary>
    sealed record Fact(string Local, ConstantModel? Constant);

    /// <param name="writer">Where to write.</param>
    /// <param name="declared">The shapes in the order of declaration.</param>
    /// <param name="shape">The name of the enum of shapes.</param>
    public static void Emit(SourceWriter writer, IReadOnlyList<ArgsShape> declared, string shape) =>
        new ShapeTestEmitter(shape).Emit(writer, declared);

    void Emit(SourceWriter writer, IReadOnlyList<ArgsShape> declared)
    {
        var order = Dispatch.Order(declared);
        var tests = order.Select((shape, i) => (shape.Id, Condition: Condition(shape, order.Skip(i + 1), declared))).ToList();

        writer.WriteLine($$"""
            public static {{_shape}} ShapeOf(global::System.ReadOnlySpan<byte> args)
            {
            """);
        using (writer.Indent())
        {
            foreach (var fact in _keys.SelectMany(key => _facts[key]))
                writer.WriteLine($"var {fact.Local} = false;");
            if (_keys.Count > 0)
                writer.WriteLine();
            writer.WriteLine("var json = new global::Jobs.Generated.ArgsReader(args);");
            KeySwitch.Write(writer, [.. _keys.Select(key => (key, (IReadOnlyList<string>)[.. _facts[key].Select(static fact => $"{fact.Local} = {Value(fact.Constant)};")]))]);
            writer.WriteLine();
            foreach (var (id, condition) in tests)
            {
                writer.WriteLine($"if ({Wrap(condition)})");
                writer.WriteLine($"    return {_shape}.{Types.Escape(id)};");
            }

            writer.WriteLine($"return {_shape}.None;");
        }

        writer.WriteLine("}");
    }

    static string Value(ConstantModel? constant) => constant switch
    {
        null => "true",
        { Kind: ConstantKind.Text } => $"json.ValueIs({Utf8(constant.Value)})",
        { Kind: ConstantKind.Number } => $"json.ValueIs({constant.Value}L)",
        _ => $"json.ValueIs({constant.Value})",
    };

    static string Utf8(string text) => SymbolDisplay.FormatLiteral(text, quote: true) + "u8";

    // Conditions

    List<string> Condition(ArgsShape shape, IEnumerable<ArgsShape> later, IReadOnlyList<ArgsShape> declared)
    {
        var condition = Fits(shape);
        foreach (var other in later)
        {
            var isDeclaredFirst = Place(shape, declared) < Place(other, declared);
            if (Dispatch.Between(shape, other, isDeclaredFirst) is { } contest)
                condition.AddRange(Against(contest, Fits(other).Except(condition, StringComparer.Ordinal).ToList()));
        }

        return condition.Distinct(StringComparer.Ordinal).ToList();
    }

    static int Place(ArgsShape shape, IReadOnlyList<ArgsShape> declared) => declared.TakeWhile(other => other != shape).Count();

    List<string> Fits(ArgsShape shape)
    {
        var terms = shape.Constants.Select(Holds)
            .Concat(shape.Stored.Where(static member => !member.IsOptional).Select(member => Has(member.Key)))
            .ToList();
        return terms.Count > 0 ? terms : ["json.IsObject"];
    }

    /// <summary>What has to hold besides, so that the other shape does not win.</summary>
    /// <param name="contest">What decides when both fit.</param>
    /// <param name="otherFits">What has to hold besides, so that the other fits at all.</param>
    IEnumerable<string> Against(Contest contest, List<string> otherFits)
    {
        var needed = contest.OthersRequired - contest.OwnRequired + (contest.WinsTie ? 0 : 1);
        var own = contest.Own.Select(Has).ToList();
        string[] wins = contest switch
        {
            { Others.Count: > 0 } => [$"{Sum(own, contest.OwnRequired)} {(contest.WinsTie ? ">=" : ">")} {Sum(contest.Others.Select(Has), contest.OthersRequired)}"],
            _ when needed > own.Count => [],
            _ when needed == own.Count => [.. own],
            _ when needed == 1 => [$"({string.Join(" || ", own)})"],
            _ => [$"{Sum(own, 0)} >= {needed.ToString(CultureInfo.InvariantCulture)}"],
        };
        if (otherFits.Count == 0)
            return wins;
        var otherFails = otherFits.Count == 1 ? $"!{otherFits[0]}" : $"!({string.Join(" && ", otherFits)})";
        return [wins.Length == 0 ? otherFails : $"({otherFails} || {(wins.Length == 1 ? wins[0] : $"({string.Join(" && ", wins)})")})"];
    }

    static string Sum(IEnumerable<string> facts, int number)
    {
        var terms = facts.Select(static fact => $"({fact} ? 1 : 0)").ToList();
        if (number > 0 || terms.Count == 0)
            terms.Add(number.ToString(CultureInfo.InvariantCulture));
        return string.Join(" + ", terms);
    }

    static string Wrap(List<string> condition)
    {
        var line = string.Join(" && ", condition);
        return line.Length <= LongestLine ? line : string.Join(" &&\n    ", condition);
    }

    // Facts

    string Has(string key) => Find(key, null, "has" + Locals.Pascal(key));

    string Holds(ConstantModel constant)
    {
        var key = Locals.Camel(Locals.Pascal(constant.Key));
        var subject = key.Length > 0 && char.IsLetter(key[0]) ? key : "key" + key;
        return Find(constant.Key, constant, subject + "Is" + Locals.Pascal(constant.Value));
    }

    string Find(string key, ConstantModel? constant, string local)
    {
        if (!_facts.TryGetValue(key, out var facts))
        {
            _keys.Add(key);
            _facts.Add(key, facts = []);
        }

        var fact = facts.Find(fact => fact.Constant == constant);
        if (fact is null)
            facts.Add(fact = new Fact(_locals.Name(local), constant));
        return fact.Local;
    }
}
