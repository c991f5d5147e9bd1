using CsCheck;

namespace Jobs.Generators.Tests.RandomWorkers;

/// <summary>Makes random workers; what stands first in a list is what a failing one shrinks to.</summary>
static class RandomWorkerGen
{
    /// <summary>The keys that constants have too, and what each may hold: few enough that they meet.</summary>
    static readonly IReadOnlyDictionary<string, string[]> Constants = new Dictionary<string, string[]>(StringComparer.Ordinal)
    {
        ["kind"] = ["\"X\"", "\"Red\"", "\"y\""],
        ["is_new"] = ["true", "false"],
        ["count"] = ["1", "300", "16777217", "123456790", "-1", "9223372036854775807"],
        ["mode"] =
        [
            "\"X\"", "\"Red\"", "\"red\"", "\"Crimson\"", "\"very formal\"", "\"Monday, Friday\"", "\"Friday, Monday\"", "\"Weekend\"", "\"None\"", "\"2030-01-31\"",
            "\"2030-01-31T12:00:00+00:00\"", "\"2030-01-31T12:00:00Z\"", "\"2030-01-31T12:00:00.50\"", "\"12:00:00\"", "\"1.12:00:00\"", "\"12:00\"", "\"AQID\"", "\"AQI\"", "\"\"",
            "\"0a0b0c0d-0000-0000-0000-000000000001\"", "\"0A0B0C0D-0000-0000-0000-000000000001\"", "\"http://[\"", "\"\\ud83c\\udf89 \\\"q\\\"\"", "true", "1",
        ],
    };

    static readonly (string Key, string? Name)[] FrequentKeys = [("a", "A"), ("kind", "Kind")];

    static readonly (string Key, string? Name)[] OtherKeys = [("count", "Count"), ("b", "B"), ("is_new", "IsNew"), ("mode", "Mode")];

    /// <summary>Without a name that the key follows from, only <c>[JsonPropertyName]</c> makes it.</summary>
    static readonly (string Key, string? Name)[] RareKeys = [("user_id", "UserId"), ("http_url2", "HTTPUrl2"), ("class", "@class"), ("A", null), ("\"q\\", null), ("名 🎉", null), ("$type", null)];

    static readonly (string Key, string? Name)[] Keys = [.. FrequentKeys, .. OtherKeys, .. RareKeys];

    static readonly Gen<(string Key, string? Name)> Key = Gen.Frequency((12, Gen.OneOf(FrequentKeys)), (3, Gen.OneOf(OtherKeys)), (1, Gen.OneOf(RareKeys)));

    static readonly Gen<Form> Scalar = Gen.Frequency(
        (3, Gen.OneOf([.. Plain.Frequent])),
        (2, Gen.OneOf([.. Plain.Rare]))).Select(Form (plain) => plain);

    static readonly Gen<bool> Seldom = Gen.Frequency((5, false), (1, true));

    static readonly Gen<Place> AnyPlace = Gen.OneOf(Enum.GetValues<Place>());

    static readonly Gen<Role> AnyRole = Gen.Frequency((12, Role.Stored), (1, Role.Ignored), (1, Role.FromBatch));

    static readonly Gen<ArgsRecord> Args = Gen.Select(
        Members(TypeOf(depth: 2), AnyRole, most: 3),
        Gen.Frequency((3, "kind"), (1, "is_new"), (1, "count"), (1, "mode")).SelectMany(key => Gen.OneOf(Constants[key]).Select(json => new Constant(key, json))).Array[0, 2],
        Gen.Int[0, 39],
        static (members, constants, mistake) => new ArgsRecord(members, constants).Mended(isLeftWrong: mistake == 39));

    /// <summary>A worker of 2 to 6 records.</summary>
    public static Gen<RandomWorker> Worker { get; } = Gen.Select(
        Args.Array[2, 6],
        Gen.Int[0, 1_000_000],
        static (records, seed) => new RandomWorker(records, seed));

    static Gen<MemberType> TypeOf(int depth)
    {
        var form = depth == 0 ? Scalar : Gen.Frequency(
            (12, Scalar),
            (1, Gen.Select(Gen.OneOf([.. Many.Names]), TypeOf(depth - 1), Form (name, items) => new Many(name, items))),
            (1, Gen.Select(Gen.OneOf([.. Inner.Keywords]), Members(TypeOf(depth - 1), Gen.Const(Role.Stored), most: 3), Form (keyword, members) => InnerOf(keyword, members))));
        return Gen.Select(form, Gen.Frequency((2, false), (1, true)), static (form, isNullable) => new MemberType(form, isNullable));
    }

    static Gen<Member[]> Members(Gen<MemberType> type, Gen<Role> role, int most) =>
        Gen.Select(Key, Seldom, type, AnyPlace, role, Seldom, MemberOf).Array[0, most];

    static Member MemberOf((string Key, string? Name) key, bool isRenamed, MemberType type, Place place, Role role, bool isJsonRequired)
    {
        // Two members of one record may then have the same key, and not the same name.
        var name = isRenamed || key.Name is null ? "Renamed" + Array.IndexOf(Keys, key) : key.Name;
        if (role is Role.FromBatch && type.Form is not Plain { CanBeFromBatch: true })
            role = Role.Stored;
        if (role is not Role.Stored && place is Place.Positional or Place.Required)
            place = Place.Init;
        // Of a type that a context covers the compiler knows nothing, and takes it for anything; Anything is.
        if (Constants.ContainsKey(key.Key) && type.Form is Plain { NeedsContext: true })
            type = type with { Form = Plain.Rare.Single(plain => plain.Type == typeof(App.Anything)) };
        if (place is Place.PositionalWithDefault && WorkerSource.Default(type) is null)
            place = Place.InitWithValue;
        return new Member(name, key.Key, name != key.Name, type, place, role, isJsonRequired && role is Role.Stored);
    }

    static Inner InnerOf(string keyword, Member[] members)
    {
        var isClass = !keyword.Contains("record", StringComparison.Ordinal);
        var isReadOnly = keyword.StartsWith("readonly", StringComparison.Ordinal);
        var isStruct = keyword.Contains("struct", StringComparison.Ordinal);
        var mended = Distinct(members).Select(member => member with
        {
            Place = member.Place switch
            {
                Place.Set when isReadOnly => Place.Init,
                // A class with a constructor is another test's: here its members are set.
                Place.Positional when isClass => Place.Required,
                Place.PositionalWithDefault when isClass && isStruct => Place.Init,
                Place.PositionalWithDefault when isClass => Place.InitWithValue,
                var place => place,
            },
        }).ToArray();
        // C# gives a struct no initializers without a constructor.
        if (isStruct && !mended.Any(member => member.Place is Place.Positional or Place.PositionalWithDefault))
            mended = [.. mended.Select(member => member.Place is Place.InitWithValue ? member with { Place = Place.Init } : member)];
        return new Inner(keyword, mended);
    }

    /// <summary>The record as C# takes it, and with each key once unless it shall be wrong.</summary>
    static ArgsRecord Mended(this ArgsRecord record, bool isLeftWrong)
    {
        var members = record.Members.DistinctBy(member => member.Name, StringComparer.Ordinal).ToArray();
        if (isLeftWrong)
            return record with { Members = members };
        members = Distinct(members);
        var constants = record.Constants.DistinctBy(constant => constant.Key, StringComparer.Ordinal)
            .Where(constant => members.All(member => member.Role is not Role.Stored || member.Key != constant.Key));
        return new ArgsRecord(members, [.. constants]);
    }

    static Member[] Distinct(IEnumerable<Member> members) =>
        [.. members.DistinctBy(member => member.Name, StringComparer.Ordinal).DistinctBy(member => member.Role is Role.Stored ? member.Key : member.Name + "\0", StringComparer.Ordinal)];
}
