namespace Jobs;

/// <summary>A value that a member of the args must have, or none: what a worker's <c>Where</c> takes for each member.</summary>
/// <typeparam name="T">The type of the member. A value of it is given as it is; <see langword="null"/> is a value too.</typeparam>
public readonly struct ArgValue<T>
{
    ArgValue(T value) => (Value, IsGiven) = (value, true);

    /// <summary>Whether the member must have <see cref="Value"/>; if not, it may have any.</summary>
    public bool IsGiven { get; }

    /// <summary>The value; the type's default if none is given.</summary>
    public T Value { get; }

    /// <summary>Gives a value.</summary>
    public static implicit operator ArgValue<T>(T value) => new(value);
}
