using Jobs.Generators.Text;

namespace Jobs.Generators.Model;

/// <summary>An args record, and the shape of the JSON it is stored as.</summary>
/// <remarks>Holds no symbol, syntax node or location.</remarks>
sealed record ArgsShape
{
    public required RecordModel Record { get; init; }

    /// <summary>The name of the callback that it is, made by the store and not by callers, such as "BatchComplete"; null if it is none.</summary>
    public required string? Callback { get; init; }

    /// <summary>The record that a callback has its metadata as; null if it has plain JSON, or is none.</summary>
    public required ValueModel? Metadata { get; init; }

    public required EquatableArray<ConstantModel> Constants { get; init; }

    /// <summary>False while members are missing because they cannot be stored: then it is written, and not read.</summary>
    public required bool IsComplete { get; init; }

    /// <summary>An identifier that is unique in the worker, such as <c>EmailArgs</c>.</summary>
    public string Id => Record.Id;

    /// <summary>With <c>global::</c>.</summary>
    public string Type => Record.Type;

    public EquatableArray<MemberModel> Members => Record.Members;

    public IEnumerable<MemberModel> Stored => Record.Stored;

    /// <summary>All keys of the JSON that is written.</summary>
    public IEnumerable<string> Keys => Constants.Select(constant => constant.Key).Concat(Stored.Select(member => member.Key));

    /// <summary>The keys that JSON needs to fit; of the constants it needs the values too.</summary>
    public IEnumerable<string> RequiredKeys =>
        Constants.Select(constant => constant.Key).Concat(Stored.Where(member => !member.IsOptional).Select(member => member.Key));

    public IEnumerable<string> OptionalKeys => Stored.Where(member => member.IsOptional).Select(member => member.Key);

    /// <summary>For messages: <c>{status: "complete", batch_id, name?}</c>.</summary>
    public string Outline =>
        "{" + string.Join(", ", Constants.Select(constant => $"{constant.Key}: {constant.Json}")
            .Concat(Stored.Select(member => member.IsOptional ? member.Key + "?" : member.Key))) + "}";

    /// <summary>For comments: <c>{"status": "complete", "batch_id": string, "name"?: string}</c>.</summary>
    public string Description =>
        "{" + string.Join(", ", Constants.Select(constant => $"{JsonText.Quote(constant.Key)}: {constant.Json}")
            .Concat(Record.MembersInWords)) + "}";
}

/// <summary>A key that always holds the same value.</summary>
/// <param name="Key">The key.</param>
/// <param name="Kind">What the value is.</param>
/// <param name="Value">The text itself, or the invariant form of the number or bool.</param>
sealed record ConstantModel(string Key, ConstantKind Kind, string Value)
{
    public string Json => Kind is ConstantKind.Text ? JsonText.Quote(Value) : Value;
}

enum ConstantKind
{
    Text,
    Number,
    Bool,
}
