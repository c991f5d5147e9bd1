namespace Jobs.Bench.Plots.Charts;

/// <summary>Whose figure it is.</summary>
enum Role
{
    /// <summary>What PostgreSQL itself can do.</summary>
    Limit,

    /// <summary>The same without what is measured.</summary>
    Without,

    /// <summary>Jobs under the JIT compiler.</summary>
    Jobs,

    /// <summary>Jobs, published with NativeAOT.</summary>
    Native,

    /// <summary>Another job system.</summary>
    Peer,
}
