using System;
using System.Collections.Generic;
using System.Text.Json;
using System.Text.Json.Serialization;
using Jobs;

namespace App
{
    public sealed record Place(double North, double East);

    public sealed record TripArgs(
        string Name, float Price, double? Tip, List<double?> Legs, Dictionary<string, float[]> Fares, Place From, Place[] Stops,
        JsonElement Extra, HashSet<string> Riders, IEnumerable<int> Seats);

    [JsonSerializable(typeof(HashSet<string>))]
    internal sealed partial class TripJson : JsonSerializerContext;

    [Worker, Unique(Keys = new string[] { "Name", "Price", "Tip", "Legs", "Fares", "From", "Stops", "Extra", "Riders", "Seats" })]
    public partial class Booker
    {
        [Perform]
        public void Book(TripArgs args) { }
    }

    public sealed record QuoteArgs(int Id, decimal Amount, double Rate);

    [Worker, Unique]
    public partial class Quoter
    {
        [Perform]
        public void Quote(QuoteArgs args) { }
    }
}
