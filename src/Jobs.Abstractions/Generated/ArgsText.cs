using System.ComponentModel;
using System.Diagnostics.CodeAnalysis;

namespace Jobs.Generated;

/// <summary>Holds the text in args to what jsonb can keep.</summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public static class ArgsText
{
    /// <summary>Returns <paramref name="text"/>, the value of a member that is not nullable, or refuses it.</summary>
    /// <exception cref="InvalidArgsException">The text is null, or one that <see cref="Check"/> refuses.</exception>
    public static string Required(string? text, string member) =>
        Check(text, member) ?? throw new InvalidArgsException($"{member} is null, though its type says that it is not. Give it a value, or make it nullable.");

    /// <summary>The exception for a value of an enum that is no single one of its members.</summary>
    /// <param name="member">The member's name.</param>
    public static InvalidArgsException NoName(string member) =>
        new($"{member} holds a value that its enum has no name for; enums are stored by their names. Declare a member with that value.");

    /// <summary>Returns <paramref name="text"/>, or refuses it.</summary>
    /// <param name="text">The value of a member; <see langword="null"/> is kept.</param>
    /// <param name="member">The member's name, for the message.</param>
    /// <exception cref="InvalidArgsException">
    /// The text has a NUL character, which jsonb cannot hold, or half of a surrogate pair, which would be stored as another character.
    /// </exception>
    [return: NotNullIfNotNull(nameof(text))]
    public static string? Check(string? text, string member)
    {
        for (var i = 0; i < text?.Length; i++)
        {
            if (text[i] == '\0')
                throw new InvalidArgsException($"{member} has a NUL character (\\u0000) at position {i}, which PostgreSQL's jsonb cannot hold. Remove it before you enqueue.");
            if (!char.IsSurrogate(text[i]))
                continue;
            if (i + 1 == text.Length || !char.IsSurrogatePair(text[i], text[i + 1]))
                throw new InvalidArgsException($"{member} has half of a surrogate pair at position {i}: the text was cut inside a character. Cut it at a character's end.");
            i++;
        }

        return text;
    }
}
