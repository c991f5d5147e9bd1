using System.Collections.Immutable;
using System.ComponentModel;
using System.Diagnostics.CodeAnalysis;

namespace Jobs.Generated;

/// <summary>Holds the values in args to what their types say.</summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public static class ArgsValue
{
    /// <summary>Returns <paramref name="value"/>, that of a member which is not nullable.</summary>
    /// <exception cref="InvalidArgsException">It is null.</exception>
    public static T Required<T>([NotNull] T? value, string member)
        where T : class =>
        value ?? throw new InvalidArgsException($"{member} is null, though its type says that it is not. Give it a value, or make it nullable.");

    /// <summary>Returns <paramref name="value"/>, an array that was made.</summary>
    /// <exception cref="InvalidArgsException">It is the default, which is no array.</exception>
    public static ImmutableArray<T> Required<T>(ImmutableArray<T> value, string member) => !value.IsDefault
        ? value
        : throw new InvalidArgsException($"{member} is a default ImmutableArray, which is none. Give it a value such as [], or make it nullable.");

    /// <summary>Returns <paramref name="value"/>, whose class may have derived ones.</summary>
    /// <exception cref="InvalidArgsException">It is null, or of a derived class, whose further members would be lost.</exception>
    public static T Exact<T>([NotNull] T? value, string member)
        where T : class
    {
        var type = Required(value, member).GetType();
        return type == typeof(T)
            ? value!
            : throw new InvalidArgsException($"{member} holds a {type}, derived from {typeof(T)}: only the members of {typeof(T)} would be stored. Seal {typeof(T)}, or store one of itself.");
    }
}
