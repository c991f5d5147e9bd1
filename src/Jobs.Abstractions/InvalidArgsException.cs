namespace Jobs;

/// <summary>Args that cannot be stored, or stored args that cannot be read into their record. Names the member, never its value.</summary>
public sealed class InvalidArgsException : Exception
{
    /// <summary>Makes the exception with the sentence that a person reads.</summary>
    public InvalidArgsException(string message)
        : base(message)
    {
    }

    /// <summary>Makes the exception with the sentence that a person reads, and its cause.</summary>
    public InvalidArgsException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}
