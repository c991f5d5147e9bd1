namespace Jobs;

/// <summary>From when the period of a unique job counts.</summary>
public enum UniqueSince
{
    /// <summary>From its enqueue.</summary>
    Enqueued,

    /// <summary>From when it is due, or from its enqueue if that is later.</summary>
    Due,
}
