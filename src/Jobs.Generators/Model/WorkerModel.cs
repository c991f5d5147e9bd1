namespace Jobs.Generators.Model;

/// <summary>All that the emitter knows of one worker.</summary>
/// <remarks>
/// Strings, bools, enums, equatable arrays and other models only. A symbol, a syntax node or a location in here would keep a whole
/// compilation alive and make every edit emit again.
/// </remarks>
sealed record WorkerModel
{
    public required string HintName { get; init; }

    /// <summary>Empty for the global namespace; keywords escaped.</summary>
    public required string Namespace { get; init; }

    /// <summary>The headers of the types around the worker, outermost first, such as <c>partial class Outer</c>.</summary>
    public required EquatableArray<string> ContainingTypes { get; init; }

    /// <summary>The class's own name, escaped if it is a keyword.</summary>
    public required string ClassName { get; init; }

    /// <summary>With <c>global::</c>.</summary>
    public required string FullName { get; init; }

    public required bool IsPublic { get; init; }

    public required string StoredName { get; init; }

    public required string Queue { get; init; }

    public required int MaxAttempts { get; init; }

    public required int Priority { get; init; }

    /// <summary>What the constructor takes; <see langword="null"/> while it takes what no service is.</summary>
    public required EquatableArray<ArgumentModel>? Construction { get; init; }

    public required EquatableArray<PerformModel> Performs { get; init; }

    public required ValueTypes ValueTypes { get; init; }

    /// <summary>Put behind the names of the helper types where the worker has members, or its namespace children, of the same name.</summary>
    public required string HelperSuffix { get; init; }

    public bool PerformsBatchComplete => Performs.Any(perform => perform.Args.IsCallback);
}
