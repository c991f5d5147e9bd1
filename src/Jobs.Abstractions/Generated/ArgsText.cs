using System.ComponentModel;
using System.Diagnostics.CodeAnalysis;

namespace Jobs.Generated;

/// <summary>Holds the text in args to what jsonb can keep.</summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public static class ArgsText
{
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
