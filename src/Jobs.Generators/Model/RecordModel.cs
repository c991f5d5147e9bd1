using Jobs.Generators.Text;

namespace Jobs.Generators.Model;

/// <summary>A record, class or struct that is stored member by member: the args, or a value in them.</summary>
/// <remarks>Holds no symbol, syntax node or location.</remarks>
sealed record RecordModel
{
    /// <summary>An identifier that is unique in the worker, such as <c>EmailArgs</c>.</summary>
    public required string Id { get; init; }

    /// <summary>With <c>global::</c>.</summary>
    public required string Type { get; init; }

    /// <summary>Whether <c>with</c> copies it: a record or a struct.</summary>
    public required bool CanCopy { get; init; }

    public required EquatableArray<MemberModel> Members { get; init; }

    public IEnumerable<MemberModel> Stored => Members.Where(member => !member.IsFromBatch);

    /// <summary>For comments: <c>"batch_id": string</c>, <c>"name"?: string</c>.</summary>
    public IEnumerable<string> MembersInWords =>
        Stored.Select(member => $"{JsonText.Quote(member.Key)}{(member.IsOptional ? "?" : "")}: {member.Value.TypeInWords}");
}

/// <summary>A member of a record.</summary>
sealed record MemberModel
{
    /// <summary>Escaped if it is a keyword.</summary>
    public required string Name { get; init; }

    /// <summary>Not escaped: a part of other names.</summary>
    public string PlainName => Name.TrimStart('@');

    public required string Key { get; init; }

    public required ValueModel Value { get; init; }

    /// <summary>Whether it is filled from the batch and not stored.</summary>
    public required bool IsFromBatch { get; init; }

    /// <summary>Whether JSON without the key fits.</summary>
    public required bool IsOptional { get; init; }

    public required MemberPlace Place { get; init; }

    /// <summary>The name of its parameter, escaped, where one before it is left out.</summary>
    public string? Argument { get; init; }

    /// <summary>The C# expression it has when the key is missing; <see langword="null"/> when only a fresh record knows.</summary>
    public required string? Default { get; init; }
}

/// <summary>How a member's value gets into the record.</summary>
enum MemberPlace
{
    Constructor,

    /// <summary>By an object initializer only.</summary>
    Initializer,

    /// <summary>By an assignment at any time.</summary>
    Setter,
}
