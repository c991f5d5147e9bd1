namespace Jobs;

/// <summary>How the callback of a batch is enqueued. What is not set is as the worker says.</summary>
public sealed class CallbackOptions
{
    /// <summary>The queue.</summary>
    /// <value>Default <see langword="null"/>: the worker's. 1 to 200 characters.</value>
    /// <exception cref="ArgumentException">It is empty, too long, or holds what PostgreSQL cannot store.</exception>
    public string? Queue
    {
        get;
        set
        {
            if (value is not null && (value.Length is 0 or > 200 || !StorableText.IsStorable(value)))
                throw new ArgumentException("A queue has a name of 1 to 200 characters, without a NUL or half of a surrogate pair.", nameof(value));
            field = value;
        }
    }

    /// <summary>The priority, 0 (first) to 9.</summary>
    /// <value>Default <see langword="null"/>: the worker's.</value>
    /// <exception cref="ArgumentOutOfRangeException">It is out of range.</exception>
    public int? Priority
    {
        get;
        set
        {
            if (value is < 0 or > 9)
                throw new ArgumentOutOfRangeException(nameof(value), value, "A priority is 0 to 9.");
            field = value;
        }
    }

    /// <summary>How often it is tried, 1 to 1,000.</summary>
    /// <value>Default <see langword="null"/>: the worker's.</value>
    /// <exception cref="ArgumentOutOfRangeException">It is out of range.</exception>
    public int? MaxAttempts
    {
        get;
        set
        {
            if (value is < 1 or > 1_000)
                throw new ArgumentOutOfRangeException(nameof(value), value, "A job has 1 to 1,000 attempts.");
            field = value;
        }
    }
}
