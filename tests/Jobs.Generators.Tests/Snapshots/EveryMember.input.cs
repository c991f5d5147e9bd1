using System;
using Jobs;

namespace App;

public enum Colour { Red, Green, Crimson = Red, [Obsolete("Use Red.")] Pink = 7 }

[Matches("kind", "every"), Matches("version", 2), Matches("is_new", true)]
public sealed record EveryArgs(
    string Text, string? Note, bool Flag, bool? MaybeFlag, byte A, sbyte B, short C, ushort D, int E, uint F, long G, ulong H,
    float I, double J, decimal K, Guid L, DateTimeOffset M, Colour N, Colour? O, [FromBatch] string? BatchId = null, int Tries = 3)
{
    public required int Needed { get; init; }

    public string Title { get; init; } = "none";

    public double? Ratio { get; init; }

    [FromBatch]
    public long Size { get; init; } = -1;

    public string Label => Text + Needed;
}

[Worker]
public partial class EveryWorker
{
    [Perform]
    public void Run(EveryArgs args) { }
}
