using System.Data.Common;

namespace Jobs;

/// <summary>A call that enqueues jobs, as an <see cref="IEnqueueMiddleware"/> sees it.</summary>
public sealed class EnqueueContext
{
    internal EnqueueContext(IAsyncEnumerable<NewJob> jobs, bool isSingle, string? batchId, DbTransaction? transaction)
    {
        Jobs = jobs;
        IsSingle = isSingle;
        BatchId = batchId;
        Transaction = transaction;
    }

    /// <summary>The jobs, which are read once, when they are stored. A middleware may put others in their place.</summary>
    /// <value>One job, where <see cref="IsSingle"/>: then there must be one at the end too.</value>
    /// <exception cref="ArgumentNullException">The value is <see langword="null"/>.</exception>
    public IAsyncEnumerable<NewJob> Jobs
    {
        get;
        set
        {
            ArgumentNullException.ThrowIfNull(value);
            field = value;
        }
    }

    /// <summary>Whether the caller enqueues one job, and waits for its id.</summary>
    public bool IsSingle { get; }

    /// <summary>The id of the batch whose members the jobs are; <see langword="null"/> where they are none's.</summary>
    public string? BatchId { get; }

    /// <summary>The caller's transaction; <see langword="null"/> where the enqueue has one of its own.</summary>
    public DbTransaction? Transaction { get; }

    /// <summary>What became of the jobs, in the order in which they were stored.</summary>
    /// <value>Empty before they are stored, and for the members of a batch.</value>
    public IReadOnlyList<EnqueuedJob> Enqueued { get; internal set; } = [];
}
