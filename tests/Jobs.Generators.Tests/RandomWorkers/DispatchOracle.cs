using System.Collections.Concurrent;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Jobs.Generators.Tests.RandomWorkers;

/// <summary>
/// The dispatch rule, by brute force. JSON fits a record when its required keys are there and its constants equal. Of the records that
/// fit, the one with more constants wins, then the one that accounts for more of the JSON's keys, then the one with fewer of its optional
/// keys absent, then the one whose method stands first.
/// </summary>
/// <remarks>It shares no code with the generator: whether a type can hold a constant is asked of System.Text.Json.</remarks>
sealed class DispatchOracle(RandomWorker worker)
{
    static readonly JsonSerializerOptions Serializer = new() { Converters = { new JsonStringEnumConverter(namingPolicy: null, allowIntegerValues: false) } };

    static readonly ConcurrentDictionary<(string Json, Type Type), object?> Known = new();

    static readonly JsonElement SomethingElse = JsonDocument.Parse("[]").RootElement.Clone();

    static readonly JsonElement Null = JsonDocument.Parse("null").RootElement.Clone();

    /// <summary>The place of the record that the JSON is read as; <see langword="null"/> if it fits none.</summary>
    public int? Takes(IReadOnlyDictionary<string, JsonElement> json)
    {
        int? winner = null;
        for (var i = 0; i < worker.Records.Count; i++)
        {
            if (Fits(worker.Records[i], json) && (winner is null || Score(worker.Records[i], json).CompareTo(Score(worker.Records[winner.Value], json)) > 0))
                winner = i;
        }

        return winner;
    }

    static bool Fits(ArgsRecord record, IReadOnlyDictionary<string, JsonElement> json) =>
        record.Constants.All(constant => json.TryGetValue(constant.Key, out var value) && IsEqual(value, constant.Value)) &&
        record.Stored.All(member => member.IsOptional || json.ContainsKey(member.Key));

    static (int Constants, int Accounted, int Absent) Score(ArgsRecord record, IReadOnlyDictionary<string, JsonElement> json) =>
        (record.Constants.Count, record.Keys.Count(json.ContainsKey), -record.Stored.Count(member => member.IsOptional && !json.ContainsKey(member.Key)));

    static bool IsEqual(JsonElement value, JsonElement constant) => value.ValueKind == constant.ValueKind && value.ValueKind switch
    {
        JsonValueKind.String => value.GetString() == constant.GetString(),
        JsonValueKind.Number => value.TryGetDecimal(out var number) && number == constant.GetDecimal(),
        JsonValueKind.True or JsonValueKind.False => true,
        _ => false,
    };

    /// <summary>What a compiler that follows the rule has to report.</summary>
    public IEnumerable<Rejection> Rejections()
    {
        var records = worker.Records;
        for (var i = 0; i < records.Count; i++)
        {
            if (HasConstantInTheWay(records[i]))
                yield return new Rejection("JOB010", i, i);
            if (HasMembersOfOneKey(records[i]))
                yield return new Rejection("JOB008", i, i);
        }

        for (var i = 0; i < records.Count; i++)
        {
            for (var j = 0; j < i; j++)
            {
                if (IsSound(records[i]) && IsSound(records[j]) && (CouldGo(records[i], records[j]) || CouldGo(records[j], records[i])))
                    yield return new Rejection("JOB011", j, i);
            }
        }
    }

    static bool IsSound(ArgsRecord record) => !HasConstantInTheWay(record) && !HasMembersOfOneKey(record);

    static bool HasMembersOfOneKey(ArgsRecord record) => record.Stored.GroupBy(member => member.Key, StringComparer.Ordinal).Any(same => same.Count() > 1);

    static bool HasConstantInTheWay(ArgsRecord record) => record.Constants.Any(constant =>
        record.Constants.Count(other => other.Key == constant.Key) > 1 || record.Stored.Any(member => member.Key == constant.Key));

    /// <summary>The records of which nothing that is stored reaches their own methods.</summary>
    public IEnumerable<int> Unreachable() => Enumerable.Range(0, worker.Records.Count).Where(i => IsSound(worker.Records[i]) && AllStored(worker.Records[i]).All(json => Takes(json) != i));

    /// <summary>Whether something that is stored of the one would, or as well could, be read as the other.</summary>
    bool CouldGo(ArgsRecord writer, ArgsRecord taker) =>
        AllStored(writer).Any(json => Fits(taker, json) && Score(taker, json).CompareTo(Score(writer, json)) >= 0);

    /// <summary>All JSON that is stored of the record, as far as constants tell it apart.</summary>
    IEnumerable<IReadOnlyDictionary<string, JsonElement>> AllStored(ArgsRecord record)
    {
        IEnumerable<Dictionary<string, JsonElement>> all = [record.Constants.ToDictionary(constant => constant.Key, constant => constant.Value, StringComparer.Ordinal)];
        foreach (var member in record.Stored)
        {
            var values = Values(member).ToList();
            all = all.SelectMany(json => values.Select(value => new Dictionary<string, JsonElement>(json, StringComparer.Ordinal) { [member.Key] = value })).ToList();
        }

        return all;
    }

    /// <summary>The constants of other records that the member can hold; and something else, if it can hold that.</summary>
    IEnumerable<JsonElement> Values(Member member)
    {
        var constants = worker.Records.SelectMany(record => record.Constants).Where(constant => constant.Key == member.Key).DistinctBy(constant => constant.Json, StringComparer.Ordinal);
        var held = constants.Select(constant => constant.Value).Where(value => CanHold(member.Type.Form, value)).ToList();
        if (member.Type.IsNullable)
            held.Add(Null);
        if (AllOf(member.Type.Form) is not { } all)
            return [.. held, SomethingElse];
        return [.. held, .. all.Where(value => !held.Exists(one => IsEqual(one, value))).Take(1)];
    }

    /// <summary>All values of a form that has few.</summary>
    static IEnumerable<JsonElement>? AllOf(Form form) => form switch
    {
        Plain { Type: var type } when type == typeof(bool) => [JsonSerializer.SerializeToElement(true), JsonSerializer.SerializeToElement(false)],
        Plain { Type: { IsEnum: true } type } => Enum.GetValues(type).Cast<object>().Select(value => JsonSerializer.SerializeToElement(value, type, Serializer)),
        _ => null,
    };

    static bool CanHold(Form form, JsonElement value) => form is Plain { Type: var type } && Read(value, type) is not null;

    /// <summary>The value of the type that is stored as the JSON; <see langword="null"/> if there is none.</summary>
    public static object? Read(JsonElement json, Type type) => Known.GetOrAdd((json.GetRawText(), type), static known =>
    {
        try
        {
            var value = JsonSerializer.Deserialize(known.Json, known.Type, Serializer);
            using var constant = JsonDocument.Parse(known.Json);
            // Which instant a local time is depends on the machine, and New refuses it.
            return value is not (null or DateTime { Kind: DateTimeKind.Local }) && IsEqual(JsonSerializer.SerializeToElement(value, known.Type, Serializer), constant.RootElement) ? value : null;
        }
        catch (Exception exception) when (exception is JsonException or NotSupportedException or InvalidOperationException)
        {
            return null;
        }
    });
}

/// <summary>That a worker is not compiled.</summary>
/// <param name="Id">The diagnostic.</param>
/// <param name="Record">The record that it is about, or the first of two.</param>
/// <param name="Other">The second of two, or the record again.</param>
sealed record Rejection(string Id, int Record, int Other);
