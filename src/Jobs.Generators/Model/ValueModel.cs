namespace Jobs.Generators.Model;

/// <summary>The type of a value in the args, and how it is stored.</summary>
/// <remarks>Holds no symbol, syntax node or location.</remarks>
sealed record ValueModel
{
    public required ValueKind Kind { get; init; }

    /// <summary>With <c>global::</c>, and without a question mark behind it.</summary>
    public required string Type { get; init; }

    /// <summary>The type's plain name, for comments.</summary>
    public required string TypeInWords { get; init; }

    /// <summary>Whether the value may be null.</summary>
    public required bool IsNullable { get; init; }

    /// <summary>Whether its default is null.</summary>
    public required bool IsReference { get; init; }

    /// <summary>For an enum, a record, a list and a dictionary: the identifier, unique in the worker, of what reads it.</summary>
    public string Id { get; init; } = "";

    /// <summary>What a list or a dictionary holds.</summary>
    public ValueModel? Item { get; init; }

    /// <summary>The names of an enum.</summary>
    public EnumModel? Enum { get; init; }

    /// <summary>For a record and a <see cref="ValueKind.Custom"/> value: whether a derived class could stand there.</summary>
    public bool IsOpen { get; init; }

    /// <summary>The serializer context that reads and writes a <see cref="ValueKind.Custom"/> value, with <c>global::</c>.</summary>
    public string Context { get; init; } = "";

    /// <summary>Whether an object or an array is stored, and not a single value.</summary>
    public bool IsComposite => Kind is ValueKind.Record or ValueKind.List or ValueKind.Array or ValueKind.Dictionary or ValueKind.Json or ValueKind.Custom;
}

enum ValueKind
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
    DateTime,
    DateOnly,
    TimeOnly,
    TimeSpan,
    Uri,
    Bytes,
    Enum,
    Record,

    /// <summary>What a <c>List&lt;T&gt;</c> can be given for.</summary>
    List,

    /// <summary>A <c>T[]</c> or an <c>ImmutableArray&lt;T&gt;</c>.</summary>
    Array,

    /// <summary>What a <c>Dictionary&lt;string, T&gt;</c> can be given for.</summary>
    Dictionary,

    /// <summary>A <c>JsonElement</c>.</summary>
    Json,

    /// <summary>What a serializer context of the user covers.</summary>
    Custom,
}

/// <summary>An enum that is stored by its members' names.</summary>
/// <param name="Id">An identifier that is unique in the worker.</param>
/// <param name="Type">With <c>global::</c>.</param>
/// <param name="IsFlags">Whether several of its members can stand in one value.</param>
/// <param name="Members">In the order of declaration.</param>
sealed record EnumModel(string Id, string Type, bool IsFlags, EquatableArray<EnumMemberModel> Members)
{
    /// <summary>Whether a value is stored as <paramref name="text"/>: not by an alias, and of flags in no other order.</summary>
    public bool Writes(string text) => Members.Any(member => !member.IsAlias && member.Name == text) || (IsFlags && WritesTogether(text));

    bool WritesTogether(string text)
    {
        var names = text.Split([", "], StringSplitOptions.None);
        var parts = Members.Where(member => member.Number != 0 && names.Contains(member.Name)).ToList();
        var rest = parts.Aggregate(0UL, static (bits, part) => bits | part.Number);
        if (parts.Count != names.Length || Members.Any(member => member.Number == rest))
            return false;

        var written = new List<string>();
        foreach (var member in Members.Where(static member => member.Number != 0).OrderByDescending(static member => member.Number))
        {
            if ((rest & member.Number) != member.Number)
                continue;
            written.Insert(0, member.Name);
            rest &= ~member.Number;
        }

        return string.Join(", ", written) == text;
    }
}

/// <summary>A name of an enum.</summary>
/// <param name="Name">As it is stored.</param>
/// <param name="Expression">The C# of its value.</param>
/// <param name="Bits">The value's bits as a number.</param>
/// <param name="IsAlias">Whether an earlier name has the same value: then it is read and never written.</param>
sealed record EnumMemberModel(string Name, string Expression, string Bits, bool IsAlias)
{
    public ulong Number => ulong.Parse(Bits.TrimEnd('U', 'L'), System.Globalization.CultureInfo.InvariantCulture);
}

/// <summary>What the args records of one worker hold besides plain values, each once, in the order in which it was met.</summary>
/// <param name="Records">The records inside the args.</param>
/// <param name="Enums">The enums.</param>
/// <param name="Collections">The lists, arrays and dictionaries.</param>
/// <param name="Customs">The values of serializer contexts.</param>
sealed record ValueTypes(
    EquatableArray<RecordModel> Records, EquatableArray<EnumModel> Enums, EquatableArray<ValueModel> Collections, EquatableArray<ValueModel> Customs);
