using System.ComponentModel;

namespace Jobs.Generated;

/// <summary>The kinds of callbacks of a batch, as the store keeps them. Used by generated code.</summary>
[Flags]
[EditorBrowsable(EditorBrowsableState.Never)]
public enum BatchCallbacks
{
    /// <summary>None.</summary>
    None = 0,

    /// <summary><see cref="BatchComplete"/>.</summary>
    Complete = 1,

    /// <summary>Every job is completed.</summary>
    Succeeded = 2,

    /// <summary>Every job has run at least once.</summary>
    Attempted = 4,

    /// <summary>The first job is discarded.</summary>
    Discarded = 8,

    /// <summary>The first job is cancelled.</summary>
    Cancelled = 16,

    /// <summary>The first job has failed and waits for its next attempt.</summary>
    Retryable = 32,
}
