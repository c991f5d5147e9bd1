using System.Text.Json.Serialization.Metadata;

namespace Jobs;

/// <summary>What a perform method decides about its job. A method that returns none of these completes its job.</summary>
public readonly struct JobOutcome : IEquatable<JobOutcome>
{
    JobOutcome(OutcomeKind kind, string? reason = null, TimeSpan delay = default) => (Kind, Reason, Delay) = (kind, reason, delay);

    JobOutcome(byte[] output) => Output = output;

    internal OutcomeKind Kind { get; }

    internal string? Reason { get; }

    internal TimeSpan Delay { get; }

    /// <summary>UTF-8 JSON that the store can hold.</summary>
    internal byte[]? Output { get; }

    /// <summary>The job is done. Also the default value of this type.</summary>
    public static JobOutcome Complete => default;

    /// <summary>The job is done, and this came of it: it is kept as <c>jsonb</c> in the column <c>output</c> of the job's row.</summary>
    /// <param name="output">At most 1 MiB as text.</param>
    /// <param name="type">How it is written, as a <c>JsonSerializerContext</c> of yours has it: <c>ReportContext.Default.Report</c>.</param>
    /// <exception cref="ArgumentException">
    /// It is larger, or holds what PostgreSQL cannot: a NUL character, half of a surrogate pair, a number with too many digits. Not caught, it is
    /// a failed attempt, as is what the serializer throws.
    /// </exception>
    public static JobOutcome CompleteWith<T>(T output, JsonTypeInfo<T> type)
    {
        ArgumentNullException.ThrowIfNull(type);
        return new(JobOutput.Of(output, type));
    }

    /// <summary>The job is done, and this text came of it: it is kept as a JSON string in the column <c>output</c> of the job's row.</summary>
    /// <param name="output">At most 1 MiB as JSON.</param>
    /// <exception cref="ArgumentException">It is larger, or holds a NUL character or half of a surrogate pair.</exception>
    public static JobOutcome CompleteWith(string output)
    {
        ArgumentNullException.ThrowIfNull(output);
        return new(JobOutput.Of(output));
    }

    /// <summary>The job is done, and this came of it: it is kept in the column <c>output</c> of the job's row.</summary>
    /// <param name="output">UTF-8 JSON, one value of at most 1 MiB.</param>
    /// <exception cref="ArgumentException">It is no JSON, larger, or holds what PostgreSQL cannot.</exception>
    public static JobOutcome CompleteWithJson(ReadOnlySpan<byte> output) => new(JobOutput.Checked(output));

    /// <summary>Stops the job on purpose: it is <see cref="JobState.Cancelled"/> and does not run again.</summary>
    /// <param name="reason">Kept with the job's errors.</param>
    /// <exception cref="ArgumentException"><paramref name="reason"/> is empty.</exception>
    public static JobOutcome Cancel(string reason) => new(OutcomeKind.Cancel, Given(reason));

    /// <summary>Gives the job up: it is <see cref="JobState.Discarded"/>, whatever attempts are left.</summary>
    /// <param name="reason">Kept with the job's errors.</param>
    /// <exception cref="ArgumentException"><paramref name="reason"/> is empty.</exception>
    public static JobOutcome Discard(string reason) => new(OutcomeKind.Discard, Given(reason));

    /// <summary>Runs the job again after <paramref name="delay"/> without using up an attempt.</summary>
    /// <param name="delay">Zero means as soon as the queue has room. Kept to the microsecond, as PostgreSQL does.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="delay"/> is negative.</exception>
    /// <remarks>The snooze of Oban and River; like theirs, it takes the attempt back.</remarks>
    public static JobOutcome Snooze(TimeSpan delay) => new(OutcomeKind.Snooze, null, NotNegative(delay));

    /// <summary>A failed attempt with a delay of the worker's choice instead of the default backoff.</summary>
    /// <param name="delay">Zero means as soon as the queue has room.</param>
    /// <param name="reason">Kept with the job's errors.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="delay"/> is negative.</exception>
    /// <exception cref="ArgumentException"><paramref name="reason"/> is empty.</exception>
    /// <remarks>It uses up an attempt: after the last one the job is discarded.</remarks>
    public static JobOutcome RetryAfter(TimeSpan delay, string reason) => new(OutcomeKind.Retry, Given(reason), NotNegative(delay));

    /// <inheritdoc/>
    public bool Equals(JobOutcome other) =>
        Kind == other.Kind && Reason == other.Reason && Delay == other.Delay && Output.AsSpan().SequenceEqual(other.Output) && Output is null == other.Output is null;

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is JobOutcome other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Kind, Reason, Delay, Output?.Length);

    /// <summary>Whether two outcomes are the same.</summary>
    public static bool operator ==(JobOutcome left, JobOutcome right) => left.Equals(right);

    /// <summary>Whether two outcomes differ.</summary>
    public static bool operator !=(JobOutcome left, JobOutcome right) => !left.Equals(right);

    static string Given(string reason)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(reason);
        return reason;
    }

    static TimeSpan NotNegative(TimeSpan delay)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(delay, TimeSpan.Zero);
        return delay;
    }
}

enum OutcomeKind
{
    Complete,
    Cancel,
    Discard,
    Snooze,
    Retry,
}
