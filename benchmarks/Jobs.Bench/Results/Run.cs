using System.Globalization;
using System.Text.Json.Serialization;
using Jobs.Bench.Measuring;

namespace Jobs.Bench.Results;

/// <summary>One run, as it stands in the file: one line of JSON. What cannot be measured is left out.</summary>
sealed record Run
{
    public required string Workload { get; init; }

    /// <summary>Whose jobs they are, with its version; of Jobs itself, nothing.</summary>
    public string? Peer { get; init; }
    public DateTimeOffset EndedAt { get; init; } = DateTimeOffset.UtcNow;
    public required int Jobs { get; init; }
    public int Batches { get; init; }

    /// <summary>How many rows of finished jobs stood beside them.</summary>
    public int? FinishedRows { get; init; }
    public int? Nodes { get; init; }
    public int? Concurrency { get; init; }

    /// <summary>What the nodes run on, where they are processes of their own.</summary>
    public string? Runtime { get; init; }

    /// <summary>Of <c>unique</c>: what the jobs meet.</summary>
    public string? Uniqueness { get; init; }
    public int? JobsPerStatement { get; init; }
    public int? Clients { get; init; }
    public required double Seconds { get; init; }
    public double JobsPerSecond => Jobs / Seconds;

    /// <summary>CPU of the processes that have the workers, or of who enqueues, or of pgbench or psql in its place.</summary>
    public double? WorkersCpuSeconds { get; init; }

    /// <summary>CPU of all processes of the server.</summary>
    public double? PostgresCpuSeconds { get; init; }

    /// <summary>Only of a run that was made to count them, which costs time.</summary>
    public double? StatementsPerJob { get; init; }

    /// <summary>Of <c>idle</c>.</summary>
    public double? StatementsPerSecond { get; init; }
    public double? CommitsPerJob { get; init; }
    public double? WalBytesPerJob { get; init; }

    /// <summary>Of several nodes the sum.</summary>
    public long? PeakMemoryBytes { get; init; }

    /// <summary>The peak without what was resident when the clock started.</summary>
    public long? MemoryAboveStartBytes { get; init; }

    /// <summary>What was resident at the end of an idle time.</summary>
    public long? IdleMemoryBytes { get; init; }

    /// <summary>The size of the native program.</summary>
    public long? ProgramBytes { get; init; }

    /// <summary>How much of its time the clock ran before the first job began.</summary>
    public double? FirstJobMilliseconds { get; init; }

    /// <summary>How many finished rows were deleted in a second of the run.</summary>
    public double? PrunedPerSecond { get; init; }

    /// <summary>How long one of many took: what, says the workload.</summary>
    public Percentiles? Milliseconds { get; init; }

    /// <summary>From the end of the last batch, just before the commit, to the first line of the last callback.</summary>
    public double? CallbackMilliseconds { get; init; }

    /// <summary>Of <c>mixed</c>: how long each kind of job waited.</summary>
    public IReadOnlyList<Wait>? Waits { get; init; }
    public IReadOnlyList<StatementCount>? Statements { get; init; }
    public Setting? Setting { get; init; }

    /// <summary>Whether the jobs of a second say something: not where each waits for the last.</summary>
    [JsonIgnore]
    public bool HasRate => Workload is not ("latency" or "startup" or "idle");

    /// <summary>What runs of the same kind have in common, for people.</summary>
    [JsonIgnore]
    public string Kind => Workload switch
    {
        "drain" when Peer is not null => $"drain, {(Nodes == 1 ? "" : $"{Nodes} nodes, ")}{Peer}",
        "insert" when Peer is not null => $"insert, {Clients} callers, {Peer}",
        _ when Peer is not null => $"{Workload}, {Peer}",
        "drain" => $"drain{OfBatch}{OfNodes}",
        "history" => string.Create(CultureInfo.InvariantCulture, $"drain beside {FinishedRows:N0} finished rows{OfNodes}"),
        "prune" => string.Create(CultureInfo.InvariantCulture, $"drain while {FinishedRows:N0} finished rows are pruned{OfNodes}"),
        "scheduled" => $"drain of scheduled jobs{OfNodes}",
        "startup" or "idle" => $"{Workload}, {Runtime}",
        "latency" => Nodes == 1 ? "latency, enqueued by the node that works" : "latency, enqueued by another node",
        "limit" => $"limit{OfBatch}, {JobsPerStatement} a statement, {Clients} clients",
        "insert" => $"insert, {Clients} callers",
        "pgbench insert" => $"pgbench insert, {Clients} clients",
        "bulk" or "psql \\copy" => string.Create(CultureInfo.InvariantCulture, $"{Workload}, {Jobs:N0}"),
        "unique" => $"{Uniqueness}, {(Clients is { } callers ? $"one by one, {callers} callers" : "in one call")}",
        _ => Workload,
    };

    string OfBatch => Batches switch
    {
        0 => "",
        1 => " of a batch",
        _ => string.Create(CultureInfo.InvariantCulture, $" of {Batches:N0} batches"),
    };

    string OfNodes => $", {(Nodes == 1 ? "" : $"{Nodes} nodes, ")}concurrency {Concurrency}, {Runtime}";
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(Run))]
sealed partial class RunJson : JsonSerializerContext;
