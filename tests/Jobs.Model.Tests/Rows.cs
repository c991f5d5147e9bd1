using System.Collections.Immutable;
using Jobs.Generated;

namespace Jobs.Model.Tests;

/// <summary>A job as it stands in the table. Times are counted from the start of the history.</summary>
/// <param name="Label">Stands for the id: the client's own name for the job, or that of the batch whose callback it is.</param>
sealed record JobRow(string Label)
{
    public required string Worker { get; init; }

    public required string Queue { get; init; }

    public required JobState State { get; init; }

    public required TimeSpan ScheduledAt { get; init; }

    public required TimeSpan InsertedAt { get; init; }

    public required string Args { get; init; }

    public int Priority { get; init; }

    public int MaxAttempts { get; init; }

    public int Attempt { get; init; }

    public long Run { get; init; }

    public int Crashes { get; init; }

    public Guid? Node { get; init; }

    public TimeSpan? AttemptedAt { get; init; }

    public TimeSpan? FinishedAt { get; init; }

    public string? Batch { get; init; }

    public string? CallbackOf { get; init; }

    public string Errors { get; init; } = "";

    public TimeSpan? CancelRequestedAt { get; init; }

    public string? Tags { get; init; }

    public string? Meta { get; init; }

    public string? Progress { get; init; }

    public string? Output { get; init; }

    /// <summary>Whether its batch has counted it as attempted.</summary>
    public bool IsAttempted { get; init; }

    /// <summary>The name of its key.</summary>
    public string? UniqueKey { get; init; }

    public bool IsFinal => State is JobState.Completed or JobState.Cancelled or JobState.Discarded;
}

/// <summary>A batch as it stands in the table.</summary>
sealed record BatchRow(string Id)
{
    public required TimeSpan InsertedAt { get; init; }

    public TimeSpan? SealedAt { get; init; }

    public TimeSpan? ClosedAt { get; init; }

    public int Total { get; init; }

    public int Completed { get; init; }

    public int Cancelled { get; init; }

    public int Discarded { get; init; }

    public int Pending => Total - Completed - Cancelled - Discarded + (SealedAt is null ? 1 : 0);

    public int Unattempted { get; init; }

    /// <summary>The kinds of callbacks whose conditions have held.</summary>
    public BatchCallbacks Told { get; init; }

    /// <summary>The kinds of callbacks that the batch's worker gets, besides that of the end.</summary>
    public BatchCallbacks Heard { get; init; }

    public string? CallbackWorker { get; init; }

    public string? CallbackQueue { get; init; }

    public int? CallbackPriority { get; init; }

    public int? CallbackMaxAttempts { get; init; }
}

/// <summary>A node's lease as it stands in the table.</summary>
sealed record LeaseRow(Guid Node, string Name, string Queues, string Concurrency, string Workers, TimeSpan StartedAt, TimeSpan ExpiresAt);

/// <summary>Who leads, as it stands in the table.</summary>
sealed record LeaderRow(Guid Node, TimeSpan ElectedAt, TimeSpan ExpiresAt);

/// <summary>What is said of a queue, as it stands in the table. An empty text stands for all.</summary>
sealed record SettingRow(string Queue, string Node)
{
    public string Name => $"{Queue}@{Node}";

    public QueueState? State { get; init; }

    public TimeSpan? StateSetAt { get; init; }

    public int? Concurrency { get; init; }

    public TimeSpan? ConcurrencySetAt { get; init; }

    public TimeSpan SeenAt { get; init; }
}

/// <summary>A key as it stands in the table.</summary>
/// <param name="Name">What it says.</param>
/// <param name="Key">Its hash.</param>
/// <param name="Job">The job that has it, or had it.</param>
/// <param name="ExpiresAt">When it ends; <see langword="null"/> if it is held for as long as the job is retained.</param>
/// <param name="HeldIn">The states in which it is held, by name.</param>
sealed record KeyRow(string Name, Guid Key, string Job, TimeSpan? ExpiresAt, string HeldIn);

/// <summary>The tables, each in the order in which its rows were inserted, and that of the jobs in the order of their ids.</summary>
sealed record Tables(
    ImmutableList<JobRow> Jobs, ImmutableList<BatchRow> Batches, ImmutableList<LeaseRow> Nodes, LeaderRow? Leader, ImmutableList<SettingRow> Settings,
    ImmutableList<KeyRow> Keys)
{
    public static Tables Empty { get; } = new([], [], [], null, [], []);

    /// <summary>What is different in the tables that were <paramref name="found"/>, a line for each row; empty if nothing is.</summary>
    public string DifferencesTo(Tables found) => string.Join('\n',
        Different(Jobs, found.Jobs, static job => job.Label)
            .Concat(Different(Batches, found.Batches, static batch => batch.Id))
            .Concat(Different(Nodes, found.Nodes, static lease => lease.Name))
            .Concat(Different(Alone(Leader), Alone(found.Leader), static _ => "leader"))
            .Concat(Different(Settings, found.Settings, static setting => setting.Name))
            .Concat(Different(Keys, found.Keys, static key => key.Name)));

    static IEnumerable<LeaderRow> Alone(LeaderRow? leader) => leader is null ? [] : [leader];

    static IEnumerable<string> Different<T>(IEnumerable<T> expected, IEnumerable<T> found, Func<T, string> name)
        where T : class, IEquatable<T>
    {
        var missing = expected.ToDictionary(name, StringComparer.Ordinal);
        foreach (var row in found)
        {
            missing.Remove(name(row), out var wanted);
            if (wanted is null)
                yield return $"  the model has no {row}";
            else if (!row.Equals(wanted))
                yield return $"  {name(row)}: {string.Join("; ", DifferentMembers(wanted, row))}";
        }

        foreach (var wanted in missing.Values)
            yield return $"  found no {wanted}";
    }

    static IEnumerable<string> DifferentMembers<T>(T expected, T found) =>
        from property in typeof(T).GetProperties()
        let wanted = property.GetValue(expected)
        let value = property.GetValue(found)
        where !Equals(wanted, value)
        select $"{property.Name} {value ?? "null"}, in the model {wanted ?? "null"}";
}
