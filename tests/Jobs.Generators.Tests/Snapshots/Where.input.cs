#nullable enable
using System.Collections.Generic;
using Jobs;

namespace App;

public enum Speed { Slow, Fast }

public sealed record Parcel(string Address, Speed Speed, string? @Class, List<string> Items);

// The address may be null here, and the number is another one.
public sealed record Letter(string? Address, int Json, [property: System.Text.Json.Serialization.JsonPropertyName("speed")] int Pace, [FromBatch] string? Batch = null);

[Worker]
public partial class Post
{
    [Perform]
    public void Send(Parcel parcel)
    {
    }

    [Perform]
    public void Send(Letter letter)
    {
    }

    [Perform]
    public void Told(BatchComplete batch)
    {
    }
}

/// <summary>Has the same parameters, and so hides that of its base.</summary>
[Worker]
public partial class ExpressPost : Post;

internal sealed record Secret(bool IsKnown);

/// <summary>Its args are internal.</summary>
[Worker]
public partial class Whisper
{
    [Perform]
    internal void Tell(Secret secret)
    {
    }
}

/// <summary>Keeps the member that it has.</summary>
[Worker]
public partial class Finder
{
    public string Where { get; } = "here";

    [Perform]
    public void Find(Parcel parcel)
    {
    }
}

public sealed record Tree(List<string> Leaves);

/// <summary>Has nothing to be found by.</summary>
[Worker]
public partial class Gardener
{
    [Perform]
    public void Plant(Tree tree)
    {
    }
}
