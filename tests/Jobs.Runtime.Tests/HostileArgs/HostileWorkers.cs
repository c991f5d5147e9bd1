using Jobs.Runtime.Tests.Behaviour;

namespace Jobs.Runtime.Tests.HostileArgs;

public enum Colour
{
    Red,
    Green = 7,
    Ünïcode,
}

/// <summary>A member of each sort that args can have. One that is added here wants its values in <see cref="HostileValues"/>.</summary>
public sealed record Everything
{
    public required byte Byte { get; init; }

    public required sbyte SByte { get; init; }

    public required short Short { get; init; }

    public required ushort UShort { get; init; }

    public required int Int { get; init; }

    public required uint UInt { get; init; }

    public required long Long { get; init; }

    public required ulong ULong { get; init; }

    public required float Float { get; init; }

    public required double Double { get; init; }

    public required decimal Decimal { get; init; }

    public required string Text { get; init; }

    public required string? Note { get; init; }

    public required bool Flag { get; init; }

    public required Colour Colour { get; init; }

    public required Guid Guid { get; init; }

    public required DateTimeOffset Instant { get; init; }

    public required int? MaybeInt { get; init; }

    public required double? MaybeDouble { get; init; }

    public required Colour? MaybeColour { get; init; }

    public required DateTime DateTime { get; init; }

    public required DateOnly Date { get; init; }

    public required TimeOnly Time { get; init; }

    public required TimeSpan Span { get; init; }

    public required Inner Inner { get; init; }

    public required Inner? MaybeInner { get; init; }
}

public sealed record Inner(string Text, long Number);

/// <summary>The sorts of members that hold others, whose equality is that of what they hold.</summary>
public sealed record Holders(byte[] Bytes, int[] Numbers, IReadOnlyList<string?> Texts, Dictionary<string, decimal> ByName, List<Inner>? Inners);

[Worker(Name = "everything", Queue = "tests", MaxAttempts = 1)]
public sealed partial class EverythingWorker(Script script)
{
    [Perform]
    public void Receive(Everything args, JobContext job) => script.Received[job.Id] = args;

    [Perform]
    public void Receive(Holders args, JobContext job) => script.Received[job.Id] = args;
}

/// <summary>Today's shape of a record that had others before.</summary>
public sealed record Shipment(int Order, string Address, string? Note = null, int Parcels = 1);

[Worker(Name = "shipping", Queue = "tests", MaxAttempts = 1)]
public sealed partial class ShippingWorker(Script script)
{
    [Perform]
    public void Ship(Shipment args, JobContext job) => script.Received[job.Id] = args;
}
