using System;
using System.Collections.Generic;
using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Serialization;
using Jobs;

namespace App;

[Flags]
public enum Days : byte { None = 0, Monday = 1, Tuesday = 2, Weekend = 64 | 32 }

[JsonConverter(typeof(JsonStringEnumConverter))]
public enum Tone { [JsonStringEnumMemberName("very formal")] Formal, Casual }

public sealed record Address(string Street, string? Zip = null, int Floor = 1)
{
    public required string City { get; init; }
}

public class Person
{
    public required string Name { get; init; }

    public string Title { get; init; } = "none";

    public int? Age { get; set; }

    public List<Address> Homes { get; set; } = [];
}

public class Counter(int start)
{
    public int Start { get; } = start;

    public int Step { get; set; } = 1;

    public int Next => Start + Step;
}

public readonly record struct Money(decimal Amount, string Currency);

public sealed record ValuesArgs(
    DateTime At, DateOnly Day, TimeOnly Time, TimeSpan Length, Uri Link, Uri? MaybeLink, byte[] Bytes, JsonElement Json, JsonElement? MaybeJson,
    Days Days, Tone Tone, string[] Tags, List<string?> Notes, IReadOnlyList<int> Numbers, ImmutableArray<Guid> Ids, int?[]? MaybeNumbers,
    Dictionary<string, int> Counts, IReadOnlyDictionary<string, List<Money>?> Prices, Address Home, Person? Boss, Money Fee, Money? Tip,
    List<List<double>> Grid, Counter Counter, Tone? MaybeTone, IEnumerable<Tone> Tones)
{
    [JsonPropertyName("e-mail")]
    public required string Email { get; init; }

    [JsonIgnore]
    public string Secret { get; init; } = "";

    [JsonRequired]
    public string? Must { get; init; }

    public List<int> More { get; init; } = [1];
}

[Worker]
public partial class ValuesWorker
{
    [Perform]
    public void Run(ValuesArgs args) { }
}
