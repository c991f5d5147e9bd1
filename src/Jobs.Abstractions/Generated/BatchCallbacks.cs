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

    /// <summary><see cref="BatchSucceeded"/>.</summary>
    Succeeded = 2,

    /// <summary><see cref="BatchAttempted"/>.</summary>
    Attempted = 4,

    /// <summary><see cref="BatchDiscarded"/>.</summary>
    Discarded = 8,

    /// <summary><see cref="BatchCancelled"/>.</summary>
    Cancelled = 16,

    /// <summary><see cref="BatchRetryable"/>.</summary>
    Retryable = 32,
}
