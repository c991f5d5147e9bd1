namespace Jobs;

/// <summary>PostgreSQL could not be reached, or refused the connection. The message says where and why, and has no password.</summary>
public sealed class DatabaseUnavailableException : Exception
{
    internal DatabaseUnavailableException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}
