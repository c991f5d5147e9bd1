using Jobs.Generators.Text;

namespace Jobs.Generators.Model;

/// <summary>An args record, and the shape of the JSON it is stored as.</summary>
/// <remarks>Holds no symbol, syntax node or location.</remarks>
sealed record ArgsShape
{
    /// <summary>An identifier that is unique in the worker, such as <c>EmailArgs</c>.</summary>
    public required string Id { get; init; }

    /// <summary>With <c>global::</c>.</summary>
    public required string Type { get; init; }

    /// <summary>Whether it is made by the store, and not by callers.</summary>
    public required bool IsCallback { get; init; }

    public required EquatableArray<ConstantModel> Constants { get; init; }

    public required EquatableArray<MemberModel> Members { get; init; }

    /// <summary>False while members are missing because they cannot be stored: then it is written, and not read.</summary>
    public required bool IsComplete { get; init; }

    public IEnumerable<MemberModel> Stored => Members.Where(member => member.Kind is not MemberKind.FromBatch);

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
            .Concat(Stored.Select(member => $"{JsonText.Quote(member.Key)}{(member.IsOptional ? "?" : "")}: {member.TypeInWords}"))) + "}";
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

/// <summary>A member of an args record.</summary>
sealed record MemberModel
{
    /// <summary>Escaped if it is a keyword.</summary>
    public required string Name { get; init; }

    /// <summary>Not escaped: a part of other names.</summary>
    public string PlainName => Name.TrimStart('@');

    public required string Key { get; init; }

    public required MemberKind Kind { get; init; }

    /// <summary>The type without a question mark, with <c>global::</c>.</summary>
    public required string Type { get; init; }

    /// <summary>The type's plain name, for comments.</summary>
    public required string TypeInWords { get; init; }

    public required bool IsNullable { get; init; }

    /// <summary>Whether JSON without the key fits.</summary>
    public required bool IsOptional { get; init; }

    public required MemberPlace Place { get; init; }

    /// <summary>The C# expression it has when the key is missing; <see langword="null"/> when only a fresh record knows.</summary>
    public required string? Default { get; init; }

    public required EnumModel? Enum { get; init; }
}

/// <summary>How a member's value gets into the record.</summary>
enum MemberPlace
{
    Constructor,
    Initializer,
}

enum MemberKind
{
    String,
    Boolean,
    Byte,
    SByte,
    Int16,
    UInt16,
    Int32,
    UInt32,
    Int64,
    UInt64,
    Single,
    Double,
    Decimal,
    Guid,
    DateTimeOffset,
    Enum,

    /// <summary>Filled from the batch and not stored.</summary>
    FromBatch,
}

/// <summary>An enum that is stored by its members' names.</summary>
/// <param name="Id">An identifier that is unique in the worker.</param>
/// <param name="Type">With <c>global::</c>.</param>
/// <param name="Members">In the order of declaration.</param>
sealed record EnumModel(string Id, string Type, EquatableArray<EnumMemberModel> Members);

/// <summary>A name of an enum.</summary>
/// <param name="Name">As it is stored.</param>
/// <param name="Expression">The C# of its value.</param>
/// <param name="IsAlias">Whether an earlier name has the same value: then it is read and never written.</param>
sealed record EnumMemberModel(string Name, string Expression, bool IsAlias);
