using Jobs.Generators.Diagnostics;
using Jobs.Generators.Model;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Jobs.Generators;

/// <summary>What <c>[Unique]</c> on a worker asks of its args: the members that make two jobs one, or why they cannot.</summary>
/// <remarks>
/// <para>
/// Without <c>Keys</c> all that is stored counts, constants included. With them the members of those names count, and nothing else: two
/// jobs of a worker with equal ones are one, though they be of different args records, for a record's name is not stored, and a new
/// version of a record still finds the jobs of the old one.
/// </para>
/// <para>
/// Each key has to be in some args record. A record that has a part of them is unique by that part, and a missing key differs from a null
/// one. A record that has none of them is not unique: its jobs have nothing by which one could be another.
/// </para>
/// </remarks>
sealed class UniqueParser
{
    readonly string _worker;
    readonly AttributeData _attribute;
    readonly IReadOnlyList<PerformModel> _enqueued;
    readonly ValueTypes _values;
    readonly Action<Diagnostic> _report;
    readonly CancellationToken _cancellationToken;
    bool _isWrong;

    UniqueParser(
        INamedTypeSymbol worker, AttributeData attribute, EquatableArray<PerformModel> performs, ValueTypes values,
        Action<Diagnostic> report, CancellationToken cancellationToken)
    {
        _worker = worker.Name;
        _attribute = attribute;
        _enqueued = [.. performs.Where(IsEnqueued)];
        _values = values;
        _report = report;
        _cancellationToken = cancellationToken;
    }

    /// <summary>The perform methods, each with the key of its args where the worker is unique, and the terms of that.</summary>
    public static (EquatableArray<PerformModel> Performs, UniqueModel? Terms) Parse(
        INamedTypeSymbol worker, Compilation compilation, EquatableArray<PerformModel> performs, ValueTypes values,
        Action<Diagnostic> report, CancellationToken cancellationToken)
    {
        if (Types.Find(worker, KnownNames.UniqueAttribute) is not { } attribute)
            return (performs, null);

        var parser = new UniqueParser(worker, attribute, performs, values, report, cancellationToken);
        var keys = parser.Keys();
        // While a method or a record is still wrong, a key may be meant for it.
        var isFinished = performs.Count > 0 && performs.Count == PerformMethods.Of(worker, compilation).Count() && performs.All(static perform => perform.Args.IsComplete);
        if (keys is not null && isFinished)
            parser.CheckNames(keys);
        var unique = performs.Select(perform => IsEnqueued(perform) ? perform with { UniqueKey = parser.KeyOf(perform.Args, keys) } : perform).ToEquatableArray();
        // By a part of its keys, were the error silenced, jobs would be one that are not.
        var terms = parser.Terms();
        return parser._isWrong ? (performs, null) : (unique, terms);
    }

    static bool IsEnqueued(PerformModel perform) => perform.NewModifiers is not null;

    // The keys

    /// <summary>The names given; <see langword="null"/> where all members count.</summary>
    IReadOnlyList<string>? Keys()
    {
        foreach (var argument in _attribute.NamedArguments)
        {
            if (argument is { Key: "Keys", Value: { Kind: TypedConstantKind.Array, IsNull: false } keys })
                return [.. keys.Values.Select(static key => key.Value as string ?? "")];
        }

        return null;
    }

    void CheckNames(IReadOnlyList<string> keys)
    {
        if (keys.Count == 0)
            Report(Where(), "nothing", "its Keys are empty, so all of its jobs would be one. Name members, or leave Keys out: then all of them count.");

        var members = _enqueued.SelectMany(static perform => perform.Args.Members).ToList();
        var stored = members.Where(static member => !member.IsFromBatch).Select(static member => member.PlainName).Distinct(StringComparer.Ordinal);
        for (var i = 0; i < keys.Count; i++)
        {
            if (members.All(member => member.PlainName != keys[i]))
                Report(Where(i), Text.JsonText.Quote(keys[i]), $"none of its args has a stored member of that name. They have {string.Join(", ", stored.DefaultIfEmpty("none"))}.");
        }
    }

    UniqueKeyModel? KeyOf(ArgsShape args, IReadOnlyList<string>? keys)
    {
        if (keys is null)
            return new UniqueKeyModel(args.Constants, args.Stored.Where(member => CanBeKey(args, member, Where(), "or name the members that count in Keys")).ToEquatableArray());

        var chosen = new List<MemberModel>();
        for (var i = 0; i < keys.Count; i++)
        {
            if (args.Members.FirstOrDefault(member => member.PlainName == keys[i]) is { } member && !chosen.Contains(member) &&
                CanBeKey(args, member, Where(i), "or leave it out of Keys"))
                chosen.Add(member);
        }

        return chosen.Count == 0 ? null : new UniqueKeyModel(EquatableArray<ConstantModel>.Empty, chosen.ToEquatableArray());
    }

    bool CanBeKey(ArgsShape args, MemberModel member, Location where, string orElse)
    {
        var reason = member.IsFromBatch
            ? "it is filled from the batch and is no part of the stored args. Leave it out of Keys: a member of a batch is unique in that batch."
            : WhyNot(member.Value, "it is", orElse);
        if (reason is not null)
            Report(where, $"{args.Id}.{member.PlainName}", reason);
        return reason is null;
    }

    /// <summary>Why equal values could have different keys, or different values the same; <see langword="null"/> if they cannot.</summary>
    string? WhyNot(ValueModel value, string subject, string orElse) => value.Kind switch
    {
        ValueKind.Single or ValueKind.Double =>
            $"{subject} a {value.TypeInWords}, and numbers that should be equal often differ in their last digits. Make it a decimal, {orElse}.",
        ValueKind.Json =>
            $"{subject} a JsonElement, and the same JSON can be written in many ways. Make it a record, {orElse}.",
        ValueKind.Custom =>
            $"{subject} a {value.TypeInWords}, and only its JsonSerializerContext knows which parts of it count. Make it a record of plain members, {orElse}.",
        ValueKind.List when value.Type.StartsWith(Sequence, StringComparison.Ordinal) =>
            $"{subject} an {value.TypeInWords}, which may give other items each time it is asked. Make it a list or an array, {orElse}.",
        ValueKind.List or ValueKind.Array or ValueKind.Dictionary => WhyNot(value.Item!, "it holds", orElse),
        ValueKind.Record => WhyNot(_values.Records.First(record => record.Id == value.Id), orElse),
        _ => null,
    };

    const string Sequence = "global::System.Collections.Generic.IEnumerable<";

    string? WhyNot(RecordModel record, string orElse) => record.Stored
        .Select(member => WhyNot(member.Value, $"{record.Id}.{member.PlainName} in it is", orElse))
        .FirstOrDefault(static reason => reason is not null);

    // The terms

    UniqueModel Terms() => new(_attribute.NamedArguments.Select(static argument => (argument.Key, argument.Value)).Select(Setting).OfType<string>().ToEquatableArray());

    string? Setting((string Name, TypedConstant Value) option)
    {
        switch (option)
        {
            case ("PeriodSeconds", { Kind: TypedConstantKind.Primitive, Value: int seconds }):
                if (seconds < 0)
                    ReportRange("PeriodSeconds", "0, for as long as the job is retained, or more.");
                return seconds > 0 ? $"Period = global::System.TimeSpan.FromSeconds({seconds.ToString(System.Globalization.CultureInfo.InvariantCulture)})" : null;
            case (_, { Kind: TypedConstantKind.Enum, Type: INamedTypeSymbol type, Value: int value }):
                var members = Members(type, value).ToList();
                if (members.Count == 0)
                    ReportRange(option.Name, $"a value of {type.Name}.");
                return $"{option.Name} = {string.Join(" | ", members.Select(member => $"{type.ToDisplayString(Types.Qualified)}.{member.Name}"))}";
            case (_, { Kind: TypedConstantKind.Primitive, Value: bool value }):
                return $"{option.Name} = {(value ? "true" : "false")}";
            default:
                return null;
        }
    }

    /// <summary>The member that has the value, or those that make it up; none if they cannot.</summary>
    static IEnumerable<IFieldSymbol> Members(INamedTypeSymbol type, int value)
    {
        var members = type.GetMembers().OfType<IFieldSymbol>().Where(static member => member.ConstantValue is int).ToList();
        if (members.FirstOrDefault(member => (int)member.ConstantValue! == value) is { } only)
            return [only];
        var parts = members.Where(member => (int)member.ConstantValue! is > 0 and var bits && (bits & value) == bits).ToList();
        return Types.Has(type, "System.FlagsAttribute") && parts.Aggregate(0, static (bits, part) => bits | (int)part.ConstantValue!) == value ? parts : [];
    }

    void ReportRange(string option, string range)
    {
        _isWrong = true;
        _report(Diagnostic.Create(JobDiagnostics.OptionOutOfRange, Named(option)?.GetLocation() ?? Where(), option, _worker, range));
    }

    // Diagnostics

    Location Where() => Syntax?.GetLocation() ?? Location.None;

    Location Where(int key) => (Argument?.Expression switch
    {
        CollectionExpressionSyntax list => list.Elements.ElementAtOrDefault(key),
        ArrayCreationExpressionSyntax { Initializer: { } items } => items.Expressions.ElementAtOrDefault(key),
        ImplicitArrayCreationExpressionSyntax { Initializer: { } items } => items.Expressions.ElementAtOrDefault(key),
        _ => (SyntaxNode?)null,
    })?.GetLocation() ?? Where();

    AttributeSyntax? Syntax => _attribute.ApplicationSyntaxReference?.GetSyntax(_cancellationToken) as AttributeSyntax;

    AttributeArgumentSyntax? Argument => Named("Keys");

    AttributeArgumentSyntax? Named(string option) =>
        Syntax?.ArgumentList?.Arguments.FirstOrDefault(argument => argument.NameEquals?.Name.Identifier.ValueText == option);

    void Report(Location where, string key, string reason)
    {
        _isWrong = true;
        _report(Diagnostic.Create(JobDiagnostics.UnsuitableKey, where, _worker, key, reason));
    }
}
