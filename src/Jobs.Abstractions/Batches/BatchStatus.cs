using System.Text.Json;

namespace Jobs;

/// <summary>How far a batch is, in one snapshot.</summary>
/// <param name="Id">The batch's id.</param>
/// <param name="Total">How many jobs it has; a batch that is in it is one of them.</param>
/// <param name="Pending">How many have not ended: they wait, run, or wait for their next attempt.</param>
/// <param name="Retryable">How many of the pending ones have failed and wait for their next attempt.</param>
/// <param name="Completed">How many ended well.</param>
/// <param name="Cancelled">How many were stopped on purpose.</param>
/// <param name="Discarded">How many were given up.</param>
public sealed record BatchStatus(string Id, int Total, int Pending, int Retryable, int Completed, int Cancelled, int Discarded)
{
    /// <summary>When the batch was enqueued, or opened, by the database's clock.</summary>
    public required DateTimeOffset InsertedAt { get; init; }

    /// <summary>When it was sealed: since then no jobs come; <see langword="null"/> while it is open.</summary>
    public DateTimeOffset? SealedAt { get; init; }

    /// <summary>When its last job ended; <see langword="null"/> while jobs are pending, or may come.</summary>
    public required DateTimeOffset? ClosedAt { get; init; }

    /// <summary>When its cancel was requested; <see langword="null"/> if it was not.</summary>
    public DateTimeOffset? CancelRequestedAt { get; init; }

    /// <summary>The id of the batch that it is in; <see langword="null"/> if it is in none.</summary>
    public string? Parent { get; init; }

    /// <summary>What the caller gave for the callbacks; <see langword="null"/> for nothing.</summary>
    public JsonElement? Metadata { get; init; }

    /// <summary>The worker that is told at the end; <see langword="null"/> if nobody is told.</summary>
    public required string? CallbackWorker { get; init; }

    /// <summary>The state of the callback's job; <see langword="null"/> before the end, and where nobody is told or the job's row was deleted.</summary>
    public required JobState? CallbackState { get; init; }

    /// <summary>When this was so, by the database's clock.</summary>
    public DateTimeOffset AsOf { get; init; }

    /// <summary>Whether every job has ended. That the callback has run too is another fact: <see cref="CallbackState"/>.</summary>
    public bool IsClosed => ClosedAt is not null;

    /// <summary>How many jobs have ended.</summary>
    public int Ended => Total - Pending;

    /// <summary>How many jobs have ended a second, from the enqueue of the batch until now, or until its end.</summary>
    public double JobsPerSecond => (ClosedAt ?? AsOf) - InsertedAt is { Ticks: > 0 } time ? Ended / time.TotalSeconds : 0;

    /// <summary>How long the pending jobs take at the rate so far; <see langword="null"/> as long as none has ended, and zero at the end.</summary>
    /// <remarks>An estimate: jobs that are due later, or take longer than the others, are not foreseen.</remarks>
    public TimeSpan? TimeLeft => Left(Pending, IsClosed, JobsPerSecond);

    internal static TimeSpan? Left(int pending, bool isClosed, double rate) =>
        isClosed || pending == 0 ? TimeSpan.Zero
        : rate <= 0 ? null
        : pending / rate is var seconds && seconds < TimeSpan.MaxValue.TotalSeconds ? TimeSpan.FromSeconds(seconds) : null;
}
