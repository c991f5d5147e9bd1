using System.Data.Common;

namespace Jobs.Store;

/// <summary>How an enqueue is stored.</summary>
/// <param name="Transaction">The caller's transaction; <see langword="null"/> for one of its own.</param>
/// <param name="Progress">Hears how many jobs have been sent, after each chunk.</param>
/// <param name="WokenByCommit">
/// The queues that the commit of the caller's transaction must wake; complete when the source has been read. Without such a transaction,
/// whoever enqueues wakes them afterwards.
/// </param>
sealed record EnqueueTerms(DbTransaction? Transaction, IProgress<long>? Progress, IReadOnlyCollection<string> WokenByCommit)
{
    /// <summary>A transaction of its own, and nobody to tell.</summary>
    public static EnqueueTerms Alone { get; } = new(null, null, []);
}
