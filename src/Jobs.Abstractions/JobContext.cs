using System.Data.Common;

namespace Jobs;

/// <summary>The job that runs, as its perform method may see it.</summary>
public class JobContext
{
    internal JobContext()
    {
    }

    /// <summary>The job's id in the table of jobs.</summary>
    public required long Id { get; init; }

    /// <summary>The name of the worker, as it is stored.</summary>
    public required string Worker { get; init; }

    /// <summary>The queue the job came from.</summary>
    public required string Queue { get; init; }

    /// <summary>Which attempt this is: 1 for the first. A snooze gives its attempt back, so a number can come again.</summary>
    public required int Attempt { get; init; }

    /// <summary>After how many attempts the job is given up.</summary>
    public required int MaxAttempts { get; init; }

    /// <summary>The batch the job belongs to; <see langword="null"/> if it belongs to none. A callback job belongs to none.</summary>
    public required BatchRef? Batch { get; init; }

    /// <summary>The stored args, as UTF-8 JSON. Valid while the job runs.</summary>
    public required ReadOnlyMemory<byte> Args { get; init; }

    /// <summary>The job's tags.</summary>
    public IReadOnlyList<string> Tags { get; init; } = [];

    /// <summary>What the caller wanted to know of the job later.</summary>
    /// <value>Empty if there is nothing. What was written with SQL and is no text is its JSON.</value>
    public IReadOnlyDictionary<string, string> Meta
    {
        get => field ??= JobMeta.Read(StoredMeta);
        init;
    }

    /// <summary>The meta as UTF-8 JSON; empty if there is none. Most jobs never look at it.</summary>
    internal ReadOnlyMemory<byte> StoredMeta { get; init; }

    /// <summary>The services of the job's own scope.</summary>
    public required IServiceProvider Services { get; init; }

    /// <summary>Completes the job in one transaction with the caller's own writes: both are committed, or neither.</summary>
    /// <param name="write">
    /// Writes in a transaction of the database of the jobs, read committed; for PostgreSQL it is an <c>NpgsqlTransaction</c>, which Entity
    /// Framework Core takes by <c>Database.UseTransactionAsync</c>. It neither commits nor rolls back. The job's row is locked only after it.
    /// </param>
    /// <param name="cancellationToken">Rolls everything back, until the commit is sent.</param>
    /// <remarks>
    /// This is how a job's effect in the same database happens exactly once, though the job may run more than once. After it the job is
    /// completed: what its perform method returns then is not looked at, and what it throws is only logged. Where the connection breaks during
    /// the commit the attempt fails, and the job runs again only if the commit was lost.
    /// </remarks>
    /// <exception cref="StaleJobException">The job is no longer this run's; the writes were rolled back.</exception>
    /// <exception cref="InvalidOperationException">The job was completed before, or does not run in a host.</exception>
    public Task CompleteAsync(Func<DbTransaction, CancellationToken, Task> write, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(write);
        return CompleteWithAsync(write, cancellationToken);
    }

    /// <summary>Tells how far the job is. It costs next to nothing, so tell it as often as you like.</summary>
    /// <param name="done">How much is done, in units of the job's own.</param>
    /// <param name="total">How much there is; <see langword="null"/> where that is not known.</param>
    /// <param name="note">A word for people; of more than 1,000 characters the rest is cut off.</param>
    /// <remarks>
    /// The newest report is stored in the column <c>progress</c> of the job's row when the node renews its lease, each third of
    /// <c>JobsOptions.NodeLease</c>, and when the job ends. It stays there until the job tells of another one.
    /// </remarks>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="done"/> or <paramref name="total"/> is negative.</exception>
    public void ReportProgress(long done, long? total = null, string? note = null)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(done);
        if (total is { } whole)
            ArgumentOutOfRangeException.ThrowIfNegative(whole, nameof(total));
        TellProgress(done, total, note is null ? null : StorableText.Clean(note, LongestNote));
    }

    const int LongestNote = 1_000;

    internal virtual void TellProgress(long done, long? total, string? note)
    {
    }

    internal virtual Task CompleteWithAsync(Func<DbTransaction, CancellationToken, Task> write, CancellationToken cancellationToken) =>
        throw new InvalidOperationException($"Job {Id} ({Worker}) does not run in a host, so there is no store to complete it in.");
}
