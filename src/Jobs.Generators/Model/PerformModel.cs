namespace Jobs.Generators.Model;

/// <summary>One perform method.</summary>
/// <remarks>Holds no symbol, syntax node or location.</remarks>
sealed record PerformModel
{
    /// <summary>Escaped if it is a keyword.</summary>
    public required string Method { get; init; }

    public required bool IsStatic { get; init; }

    public required ReturnKind Returns { get; init; }

    public required EquatableArray<ArgumentModel> Arguments { get; init; }

    public required ArgsShape Args { get; init; }

    /// <summary>The accessibility of <c>New</c>, and <c>new</c> where it hides one of a base class; <see langword="null"/> where there is none.</summary>
    public required string? NewModifiers { get; init; }

    /// <summary>False while its signature is wrong: it has its <c>New</c>, so that callers show no further error, and is not called.</summary>
    public required bool IsCallable { get; init; }

    /// <summary>What makes its jobs one; <see langword="null"/> where each is its own.</summary>
    public UniqueKeyModel? UniqueKey { get; init; }
}

enum ReturnKind
{
    Void,
    Awaitable,
    Outcome,
    AwaitableOutcome,
}

/// <summary>Where an argument of a perform method, or of the worker's constructor, comes from.</summary>
/// <param name="Kind">The source.</param>
/// <param name="Type">The type asked for, for a service.</param>
/// <param name="Key">The literal of a keyed service's key.</param>
/// <param name="Name">The parameter's name where the argument has to be named, since one before it is left out.</param>
/// <param name="ForgivesNull">Whether the parameter's type says that it is not null, though its default is.</param>
sealed record ArgumentModel(ArgumentKind Kind, string Type = "", string? Key = null, string? Name = null, bool ForgivesNull = false);

enum ArgumentKind
{
    Args,
    Job,
    Batch,
    OptionalBatch,
    CancellationToken,
    Services,
    Service,
    OptionalService,
}
