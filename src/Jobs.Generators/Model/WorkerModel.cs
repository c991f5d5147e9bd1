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

    /// <summary>The names that the worker had before.</summary>
    public required EquatableArray<string> Aliases { get; init; }

    public required string Queue { get; init; }

    public required int MaxAttempts { get; init; }

    public required int Priority { get; init; }

    public required EquatableArray<string> Tags { get; init; }

    /// <summary>On which terms its equal jobs are one; <see langword="null"/> where each is its own.</summary>
    public required UniqueModel? Unique { get; init; }

    /// <summary>Zero for none.</summary>
    public required int TimeoutSeconds { get; init; }

    /// <summary>The method that says how long a job waits after a failed attempt, with its class; <see langword="null"/> where there is none.</summary>
    public required string? Backoff { get; init; }

    /// <summary>How it is made from services; <see langword="null"/> while it takes what no service is.</summary>
    public required ConstructionModel? Construction { get; init; }

    public required EquatableArray<PerformModel> Performs { get; init; }

    /// <summary>By what its jobs are found; <see langword="null"/> where there is nothing, or the name is taken.</summary>
    public required FilterModel? Filter { get; init; }

    /// <summary>What its callbacks have the metadata of their batches as, each type once.</summary>
    public required EquatableArray<MetadataModel> Metadata { get; init; }

    public required ValueTypes ValueTypes { get; init; }

    /// <summary>Put behind the names of the helper types where the worker has members, or its namespace children, of the same name.</summary>
    public required string HelperSuffix { get; init; }

    /// <summary>The warnings that naming the worker brings: that it is obsolete, or experimental.</summary>
    public required EquatableArray<string> NameCautions { get; init; }

    /// <summary>The warnings that naming it and all that its file names brings.</summary>
    public required EquatableArray<string> Cautions { get; init; }

    /// <summary>The callbacks of batches that it performs, such as "BatchComplete".</summary>
    public IReadOnlyList<string> Callbacks => [.. Performs.Select(static perform => perform.Args.Callback).OfType<string>().Distinct()];
}

/// <summary>How a worker is made from the services of a job's scope.</summary>
/// <param name="Arguments">What its constructor takes.</param>
/// <param name="Members">What its required members are set to.</param>
sealed record ConstructionModel(EquatableArray<ArgumentModel> Arguments, EquatableArray<MemberArgument> Members);

/// <summary>A required member, its name escaped if it is a keyword, and the service it is set to.</summary>
sealed record MemberArgument(string Name, ArgumentModel Value);
