namespace Jobs.Store;

/// <summary>A statement failed, and changed nothing.</summary>
sealed class JobStoreException(bool isTransient, string message, Exception innerException) : Exception(message, innerException)
{
    /// <summary>Whether the same statement may succeed later; if not, some value in it cannot be stored.</summary>
    public bool IsTransient { get; } = isTransient;
}
