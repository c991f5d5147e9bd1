using System.Text.Json;

namespace Jobs;

/// <summary>A job as it stands in the table, in one snapshot.</summary>
public sealed record StoredJob
{
    /// <summary>The job's id. Ids rise with the enqueues, though those of concurrent enqueues may be mixed.</summary>
    public required long Id { get; init; }

    /// <summary>Where the job is in its life.</summary>
    public required JobState State { get; init; }

    /// <summary>The name of the worker, as it is stored.</summary>
    public required string Worker { get; init; }

    /// <summary>The queue the job is in.</summary>
    public required string Queue { get; init; }

    /// <summary>Which jobs of the queue are claimed first: 0, the most urgent, to 9.</summary>
    public required int Priority { get; init; }

    /// <summary>The args as UTF-8 JSON, as PostgreSQL gives them back.</summary>
    public required ReadOnlyMemory<byte> Args { get; init; }

    /// <summary>How many attempts were started. Snoozes, rescues and shutdowns give theirs back.</summary>
    public required int Attempt { get; init; }

    /// <summary>After how many failed attempts the job is given up.</summary>
    public required int MaxAttempts { get; init; }

    /// <summary>How many nodes died while they held the job.</summary>
    public required int Crashes { get; init; }

    /// <summary>What went wrong, oldest first.</summary>
    /// <value>The newest 50.</value>
    public required IReadOnlyList<JobError> Errors { get; init; }

    /// <summary>What the completed job returned, as UTF-8 JSON; <see langword="null"/> if it returned nothing, or has not completed.</summary>
    public required ReadOnlyMemory<byte>? Output { get; init; }

    /// <summary>What the job last told of how far it is; <see langword="null"/> if it told nothing.</summary>
    public required JobProgress? Progress { get; init; }

    /// <summary>The texts by which people find the job among others.</summary>
    public required IReadOnlyList<string> Tags { get; init; }

    /// <summary>What was stored with the job beside its args.</summary>
    public required IReadOnlyDictionary<string, string> Meta { get; init; }

    /// <summary>The id of the batch whose member the job is; <see langword="null"/> if it is none's, or the batch is no longer retained.</summary>
    public required string? Batch { get; init; }

    /// <summary>The id of the batch whose callback the job is; <see langword="null"/> if it is none's, or the batch is no longer retained.</summary>
    public required string? CallbackOf { get; init; }

    /// <summary>The name of the node that executes the job; <see langword="null"/> if none does, or it is gone and the job is about to be rescued.</summary>
    public required string? Node { get; init; }

    /// <summary>When the job was enqueued, by the database's clock, like all instants here.</summary>
    public required DateTimeOffset InsertedAt { get; init; }

    /// <summary>When the job is, or was, due.</summary>
    public required DateTimeOffset ScheduledAt { get; init; }

    /// <summary>When the last attempt was started; <see langword="null"/> before the first.</summary>
    public required DateTimeOffset? AttemptedAt { get; init; }

    /// <summary>When the job ended; <see langword="null"/> if it has not.</summary>
    public required DateTimeOffset? FinishedAt { get; init; }

    /// <summary>When somebody asked the job, which executes, to end; <see langword="null"/> if nobody did.</summary>
    public required DateTimeOffset? CancelRequestedAt { get; init; }

    /// <summary>Whether the job has ended: it is completed, cancelled or discarded, and changes no more unless somebody retries it.</summary>
    public bool IsFinal => State is JobState.Completed or JobState.Cancelled or JobState.Discarded;

    /// <summary>The output as the type it was returned as.</summary>
    /// <param name="type">How the output is read: of the user's own <c>JsonSerializerContext</c>.</param>
    /// <exception cref="InvalidOperationException">There is no output.</exception>
    /// <exception cref="JsonException">The output is not of the type.</exception>
    public T? OutputAs<T>(System.Text.Json.Serialization.Metadata.JsonTypeInfo<T> type) => JsonSerializer.Deserialize(
        (Output ?? throw new InvalidOperationException($"Job {Id} ({Worker}) is {State} and has no output.")).Span, type);
}
