using System.Text;

namespace Jobs;

/// <summary>Text that PostgreSQL can hold: without NUL characters, and without halves of surrogate pairs.</summary>
static class StorableText
{
    public static bool IsStorable(string text)
    {
        for (var rest = text.AsSpan(); !rest.IsEmpty;)
        {
            if (rest[0] == '\0' || Rune.DecodeFromUtf16(rest, out _, out var length) != System.Buffers.OperationStatus.Done)
                return false;
            rest = rest[length..];
        }

        return true;
    }

    /// <summary>Cuts <paramref name="text"/> to <paramref name="longest"/> UTF-16 units, and puts U+FFFD in the place of what cannot be held.</summary>
    public static string Clean(string text, int longest)
    {
        if (text.Length <= longest && IsStorable(text))
            return text;

        var clean = new StringBuilder(Math.Min(text.Length, longest));
        var rest = text.AsSpan();
        while (!rest.IsEmpty)
        {
            Rune.DecodeFromUtf16(rest, out var rune, out var length);
            if (clean.Length + rune.Utf16SequenceLength > longest)
                break;
            clean.Append(rune.Value == 0 ? "\uFFFD" : rune.ToString());
            rest = rest[length..];
        }

        if (!rest.IsEmpty)
            clean.Append(System.Globalization.CultureInfo.InvariantCulture, $" … ({rest.Length} more characters)");
        return clean.ToString();
    }
}
