using System;
using System.Collections.Generic;
using System.Collections.Immutable;
using System.Text.Json.Serialization;
using Jobs;

namespace App
{
    public enum Colour { Red, Green, Crimson = Red }

    [Flags]
    public enum Days : sbyte { None = 0, Monday = 1, Tuesday = 2, Weekend = 64 | 32, Holiday = -128 }

    public sealed record Address(string Street, string? Zip = null)
    {
        public required Place Place { get; init; }
    }

    public readonly record struct Place(decimal North, decimal East);

    [Matches("kind", "every"), Matches("version", 2), Matches("is_new", true)]
    public sealed record EveryArgs(
        string Text, string? Note, bool Flag, bool? MaybeFlag, byte A, sbyte B, short C, ushort D, int E, uint F, long G, ulong H, int? I, ulong? J,
        decimal K, decimal? L, Guid M, DateTimeOffset N, DateTime O, DateOnly P, TimeOnly Q, TimeSpan R, Uri S, Uri? T, byte[] U, byte[]? V,
        Colour Colour, Colour? MaybeColour, Days Days, Days? MaybeDays,
        string[] Tags, List<string?> Notes, IReadOnlyList<int?>? Numbers, ImmutableArray<Guid> Ids, List<List<int>> Grid,
        Dictionary<string, int> Counts, Dictionary<string, List<Place>?> Places, Address Home, Address? Work, Place? Here, [FromBatch] string? BatchId = null)
    {
        [JsonPropertyName("e-mail")]
        public required string Email { get; init; }

        [JsonIgnore]
        public string Secret { get; init; } = "";
    }

    [Worker]
    [Unique(
        PeriodSeconds = 60, Since = UniqueSince.Due, States = UniqueStates.Unfinished, PerQueue = false, PerBatch = true,
        OnConflict = UniqueConflict.Replace, Replaces = JobFields.Args | JobFields.Schedule)]
    public partial class EveryWorker
    {
        [Perform]
        public void Run(EveryArgs args) { }
    }
}
