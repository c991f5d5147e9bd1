using System.Globalization;
using System.Text.Json.Serialization;
using Jobs.Bench.Measuring;

namespace Jobs.Bench.Results;

/// <summary>One run, as it stands in the file: one line of JSON. What cannot be measured is left out.</summary>
sealed record Run
{
    public required string Workload { get; init; }
    public DateTimeOffset EndedAt { get; init; } = DateTimeOffset.UtcNow;
    public required int Jobs { get; init; }
    public int Batches { get; init; }
    public int? Nodes { get; init; }
    public int? Concurrency { get; init; }
    public int? JobsPerStatement { get; init; }
    public int? Clients { get; init; }
    public required double Seconds { get; init; }
    public double JobsPerSecond => Jobs / Seconds;

    /// <summary>CPU of the process that has the workers, or of pgbench or psql in its place.</summary>
    public double? WorkersCpuSeconds { get; init; }

    /// <summary>CPU of all processes of the server.</summary>
    public double? PostgresCpuSeconds { get; init; }

    /// <summary>Only of a run that was made to count them, which costs time.</summary>
    public double? StatementsPerJob { get; init; }
    public double? CommitsPerJob { get; init; }
    public double? WalBytesPerJob { get; init; }
    public long? PeakMemoryBytes { get; init; }

    /// <summary>The peak without what was resident when the clock started.</summary>
    public long? MemoryAboveStartBytes { get; init; }

    /// <summary>Of <c>latency</c>: half of the jobs began within it, from the call of their enqueue.</summary>
    public double? MedianMilliseconds { get; init; }

    /// <summary>Of <c>latency</c>: 99 of 100 jobs began within it.</summary>
    public double? NinetyNinthMilliseconds { get; init; }
    public double? LongestMilliseconds { get; init; }

    /// <summary>Of the batch that was told last: from its end, just before the commit, to the first line of its callback.</summary>
    public double? CallbackMilliseconds { get; init; }
    public IReadOnlyList<StatementCount>? Statements { get; init; }
    public Setting? Setting { get; init; }

    /// <summary>What runs of the same kind have in common, for people.</summary>
    [JsonIgnore]
    public string Kind => Workload switch
    {
        "drain" => $"drain{OfBatch}, concurrency {Concurrency}",
        "latency" => Nodes == 1 ? "latency, enqueued by the node that works" : "latency, enqueued by another node",
        "limit" => $"limit{OfBatch}, {JobsPerStatement} a statement, {Clients} clients",
        _ => Workload,
    };

    string OfBatch => Batches switch
    {
        0 => "",
        1 => " of a batch",
        _ => string.Create(CultureInfo.InvariantCulture, $" of {Batches:N0} batches"),
    };
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(Run))]
sealed partial class RunJson : JsonSerializerContext;
