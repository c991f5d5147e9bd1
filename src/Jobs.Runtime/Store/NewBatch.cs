using Jobs.Generated;

namespace Jobs.Store;

/// <summary>A batch that is to be stored.</summary>
/// <param name="Id">The caller's id.</param>
sealed record NewBatch(string Id)
{
    /// <summary>The id of the batch whose member it is.</summary>
    public string? Parent { get; init; }

    /// <summary>A JSON object for the callbacks; <see langword="null"/> for none.</summary>
    public ReadOnlyMemory<byte>? Metadata { get; init; }

    /// <summary>How long it stays open after each addition; <see langword="null"/> for a batch that is sealed where it is stored.</summary>
    public TimeSpan? OpenFor { get; init; }

    /// <summary>Whether its jobs are cancelled when it has been open for too long. It is sealed in either case.</summary>
    public bool IsCancelledOnExpiry { get; init; }
}

/// <summary>Who is told of one kind of event of a batch, by a job of its own.</summary>
/// <param name="Kind">Of which.</param>
/// <param name="Worker">Whose job it is.</param>
/// <param name="Queue">In which queue.</param>
/// <param name="Priority">How urgent it is.</param>
/// <param name="MaxAttempts">How often it is tried.</param>
/// <param name="IsNamed">Whether the caller named the worker; else it was found among the members.</param>
sealed record BatchListener(BatchCallbacks Kind, string Worker, string Queue, int Priority, int MaxAttempts, bool IsNamed);
