namespace Jobs;

/// <summary>The tables of Jobs are not as this program needs them, and could not be brought there. The message says why, and what to do.</summary>
public sealed class SchemaException : Exception
{
    internal SchemaException(string message, Exception? cause)
        : base(message, cause)
    {
    }
}
