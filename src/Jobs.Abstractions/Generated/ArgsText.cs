using System.Buffers;
using System.ComponentModel;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace Jobs.Generated;

/// <summary>What is stored as text: held to what jsonb can keep, and to what reads back as the same value.</summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public static class ArgsText
{
    static readonly SearchValues<char> Suspects = SearchValues.Create([.. Enumerable.Range(0xd800, 0x800).Select(static c => (char)c), '\0']);

    /// <summary>Returns <paramref name="text"/>, the value of a member that is not nullable, or refuses it.</summary>
    /// <exception cref="InvalidArgsException">The text is null, or one that <see cref="Check(string?, string)"/> refuses.</exception>
    public static string Required(string? text, string member) => Check(ArgsValue.Required(text, member), member);

    /// <summary>Returns <paramref name="text"/>, or refuses it.</summary>
    /// <param name="text">The value of a member; <see langword="null"/> is kept.</param>
    /// <param name="member">The member's name, for the message.</param>
    /// <exception cref="InvalidArgsException">
    /// The text has a NUL character, which jsonb cannot hold, or half of a surrogate pair, which would be stored as another character.
    /// </exception>
    [return: NotNullIfNotNull(nameof(text))]
    public static string? Check(string? text, string member)
    {
        for (var i = text.AsSpan().IndexOfAny(Suspects); i >= 0 && i < text!.Length; i++)
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

    /// <summary>Returns <paramref name="value"/>, or refuses it.</summary>
    /// <exception cref="InvalidArgsException">It is a local time, which is another instant on a machine in another zone.</exception>
    public static DateTime Check(DateTime value, string member) => value.Kind != DateTimeKind.Local
        ? value
        : throw new InvalidArgsException($"{member} is a DateTime of kind Local, which another machine would take for another instant. Use DateTime.UtcNow or ToUniversalTime(), or make the member a DateTimeOffset.");

    /// <summary>How a date is stored: <c>2030-01-31</c>.</summary>
    public static string Of(DateOnly value) => value.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);

    /// <summary>How a time of day is stored: <c>23:59:00</c>, with a fraction of seven digits where there is one.</summary>
    public static string Of(TimeOnly value) => Of(value.ToTimeSpan());

    /// <summary>How a length of time is stored: <c>1.12:30:00</c>, with a fraction of seven digits where there is one.</summary>
    public static string Of(TimeSpan value) => value.ToString("c", CultureInfo.InvariantCulture);

    /// <summary>How a URI is stored: as it was given.</summary>
    /// <exception cref="InvalidArgsException">It is null, has what <see cref="Check(string?, string)"/> refuses, or would read back as another URI.</exception>
    public static string Of(Uri? value, string member)
    {
        var uri = ArgsValue.Required(value, member);
        Check(uri.OriginalString, member);
        var text = Given(uri);
        return TryParse(text, out var read) && read.IsAbsoluteUri == uri.IsAbsoluteUri && read == uri
            ? text
            : throw new InvalidArgsException($"{member} is a URI that would read back as another one. Make the member a string.");
    }

    internal static string Given(Uri uri) => uri.IsAbsoluteUri && uri.OriginalString.StartsWith('/') ? uri.AbsoluteUri : uri.OriginalString;

    /// <summary>Reads what <see cref="Of(Uri?, string)"/> wrote.</summary>
    /// <remarks>On Unix a path such as <c>/orders</c> would be taken for that of a file: here it is the relative URI that it is elsewhere.</remarks>
    internal static bool TryParse(string text, [NotNullWhen(true)] out Uri? uri) =>
        Uri.TryCreate(text, text.StartsWith('/') ? UriKind.Relative : UriKind.RelativeOrAbsolute, out uri);

    /// <summary>The exception for a value of an enum that is no single one of its members.</summary>
    /// <param name="member">The member's name.</param>
    public static InvalidArgsException NoName(string member) =>
        new($"{member} holds a value that its enum has no name for; enums are stored by their names. Declare a member with that value.");
}
