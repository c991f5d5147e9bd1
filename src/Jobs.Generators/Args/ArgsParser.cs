using System.Globalization;
using Jobs.Generators.Diagnostics;
using Jobs.Generators.Model;
using Jobs.Generators.Text;
using Microsoft.CodeAnalysis;

namespace Jobs.Generators;

/// <summary>The args records of one worker: symbols in, shapes and diagnostics out.</summary>
sealed class ArgsParser
{
    readonly Compilation _compilation;
    readonly Action<Diagnostic> _report;
    readonly RecordParser _records;

    public ArgsParser(Compilation compilation, Action<Diagnostic> report)
    {
        _compilation = compilation;
        _report = report;
        _records = new RecordParser(compilation);
    }

    /// <summary>What the records parsed so far hold besides plain values.</summary>
    public ValueTypes ValueTypes => _records.Values.Found;

    /// <summary>The shape with those members that can be stored; <see langword="null"/> if no file of ours could name the record.</summary>
    public ArgsShape? Parse(INamedTypeSymbol args, Location perform)
    {
        var where = LocationOf(args) ?? perform;
        if (Unsuitable(args) is { } reason)
        {
            _report(new Refusal(args.Name, reason, null).At(where));
            return null;
        }

        var refusals = new List<Refusal>();
        var record = _records.ParseArgs(args, refusals);
        var metadata = Callbacks.MetadataOf(args) is null ? null : record.Members.FirstOrDefault(static member => member.PlainName == Callbacks.Metadata)?.Value;
        if (metadata is { Kind: not ValueKind.Record })
        {
            refusals.Add(new Refusal($"{args.Name}.{Callbacks.Metadata}", $"it is {Types.WithArticle(metadata.TypeInWords)}, and the metadata of a batch is a record, class or struct of yours that Jobs stores by its members. Put it into one: sealed record MyMetadata({metadata.TypeInWords} Value).", null));
            metadata = null;
        }

        foreach (var refusal in refusals.Where(static refusal => !refusal.IsKnown))
            _report(refusal.At(LocationOf(refusal.Where) ?? where));

        var misuses = 0;
        var constants = ParseConstants(args, record, where, ref misuses);
        return new ArgsShape
        {
            Record = record,
            Callback = Callbacks.KindOf(args),
            Metadata = metadata,
            Constants = constants,
            IsComplete = refusals.Count == 0 && misuses == 0,
        };
    }

    string? Unsuitable(INamedTypeSymbol args)
    {
        if (args.IsValueType)
            return "it is a record struct. Make it a record class: sealed record.";
        if (args.IsAbstract)
            return "it is abstract, so nothing could be read back into it. Take the records that derive from it, each in a [Perform] method of its own.";
        if (!_records.CanName(args))
            return "it is private, protected or local to its file, and the code that reads it is in another file. Make it internal or public.";
        if (JsonAttributes.OfType(args) is { } attribute)
            return $"{attribute} gives it JSON of another form, and a job is dispatched by the keys of its args. Remove the attribute, or put what needs it into a record of its own, as a member of these args.";
        return null;
    }

    Location? LocationOf(ISymbol? symbol) => symbol?.Locations.FirstOrDefault(location =>
        location.IsInSource && location.SourceTree is { } tree && _compilation.ContainsSyntaxTree(tree));

    // Constants

    EquatableArray<ConstantModel> ParseConstants(INamedTypeSymbol args, RecordModel record, Location fallback, ref int misuses)
    {
        var constants = new List<ConstantModel>();
        foreach (var attribute in args.GetAttributes())
        {
            if (!Types.Is(attribute.AttributeClass, KnownNames.MatchesAttribute) ||
                attribute.ConstructorArguments is not [{ Value: string key }, { Value: { } value }])
                continue;
            if (Misuse(key, value, record, constants) is not { } reason)
            {
                constants.Add(Constant(key, value));
                continue;
            }

            misuses++;
            var where = attribute.ApplicationSyntaxReference is { } reference && _compilation.ContainsSyntaxTree(reference.SyntaxTree)
                ? reference.GetSyntax().GetLocation()
                : fallback;
            _report(Diagnostic.Create(JobDiagnostics.MatchesMisused, where, args.Name, reason));
        }

        return constants.ToEquatableArray();
    }

    static string? Misuse(string key, object value, RecordModel record, List<ConstantModel> constants)
    {
        if (key.Length == 0 || !Types.IsStorable(key))
            return "its key is empty, or has a NUL character or half of a surrogate pair. Use a plain key such as \"status\".";
        if (value is string text && !Types.IsStorable(text))
            return $"the constant of {JsonText.Quote(key)} has a NUL character or half of a surrogate pair, which jsonb cannot hold. Use a plain constant such as \"weekly\".";
        if (constants.Any(constant => constant.Key == key))
            return $"two constants have the key {JsonText.Quote(key)}, and JSON holds one. Remove one.";
        if (record.Stored.FirstOrDefault(member => member.Key == key) is { } member)
            return $"the member {member.Name} has the key {JsonText.Quote(key)} too. Remove the member, or use another key.";
        return null;
    }

    static ConstantModel Constant(string key, object value) => value switch
    {
        string text => new ConstantModel(key, ConstantKind.Text, text),
        bool truth => new ConstantModel(key, ConstantKind.Bool, truth ? "true" : "false"),
        _ => new ConstantModel(key, ConstantKind.Number, Convert.ToInt64(value, CultureInfo.InvariantCulture).ToString(CultureInfo.InvariantCulture)),
    };
}
