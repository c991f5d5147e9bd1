using Jobs.Store;

namespace Jobs;

/// <summary>Who is told of a batch that is built over several transactions, and what becomes of it if its builder dies.</summary>
public sealed class OpenBatchOptions : BatchOptions
{
    /// <summary>How long the batch stays open after its last addition.</summary>
    /// <value>Default 1 day. One second to 365 days. Then the leader seals it: the jobs it has run, and its callbacks come.</value>
    /// <exception cref="ArgumentOutOfRangeException">It is out of range.</exception>
    public TimeSpan OpenFor
    {
        get;
        set
        {
            ArgumentOutOfRangeException.ThrowIfLessThan(value, TimeSpan.FromSeconds(1));
            ArgumentOutOfRangeException.ThrowIfGreaterThan(value, TimeSpan.FromDays(365));
            field = value;
        }
    } = TimeSpan.FromDays(1);

    /// <summary>Whether the jobs of a batch that was open for too long are cancelled; else they run.</summary>
    /// <value>Default <see langword="false"/>.</value>
    public bool CancelOnExpiry { get; set; }

    internal override NewBatch NewBatch(string id) => base.NewBatch(id) with { OpenFor = OpenFor, IsCancelledOnExpiry = CancelOnExpiry };
}
