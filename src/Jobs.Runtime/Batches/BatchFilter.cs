namespace Jobs;

/// <summary>Which batches are meant. A batch must meet every condition that is set.</summary>
public sealed record BatchFilter
{
    /// <summary>Whether all of its jobs have ended.</summary>
    public bool? IsClosed { get; init; }

    /// <summary>Whether it has discarded jobs.</summary>
    public bool? HasDiscarded { get; init; }

    /// <summary>Whether its cancel was requested.</summary>
    public bool? IsCancelled { get; init; }

    /// <summary>The id of the batch that it is in.</summary>
    /// <exception cref="ArgumentException">PostgreSQL can store no such id.</exception>
    public string? Parent
    {
        get;
        init => field = value is null || StorableText.IsStorable(value) ? value : throw new ArgumentException("The id holds a NUL or half of a surrogate pair, which PostgreSQL cannot store.", nameof(value));
    }

    /// <summary>What its id begins with, to the letter.</summary>
    /// <exception cref="ArgumentException">PostgreSQL can store no such id.</exception>
    public string? IdPrefix
    {
        get;
        init => field = value is null || StorableText.IsStorable(value) ? value : throw new ArgumentException("The text holds a NUL or half of a surrogate pair, which PostgreSQL cannot store.", nameof(value));
    }

    /// <summary>The earliest instant at which it was enqueued or opened.</summary>
    public DateTimeOffset? InsertedFrom { get; init; }

    /// <summary>The instant before which it was.</summary>
    public DateTimeOffset? InsertedBefore { get; init; }
}
