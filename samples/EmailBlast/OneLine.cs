using System.Globalization;
using System.Text;

namespace EmailBlast;

static class OneLine
{
    /// <summary>The text with each run of white space and control characters as one space, and none at its ends.</summary>
    /// <remarks>A line break in a name would end a header of a mail, and an escape sequence would write on the terminal.</remarks>
    public static string Of(string text)
    {
        var line = new StringBuilder(text.Length);
        var gap = false;
        foreach (var rune in text.EnumerateRunes())
        {
            if (Rune.IsWhiteSpace(rune) || Rune.IsControl(rune))
            {
                gap = line.Length > 0;
                continue;
            }

            if (gap)
                line.Append(' ');
            gap = false;
            line.Append(rune);
        }

        return line.ToString();
    }

    /// <summary>The text in quotes on one line, cut to a length that fits a message.</summary>
    public static string Quoted(string text)
    {
        const int longest = 80;
        var line = new StringInfo(Of(text));
        return line.LengthInTextElements > longest ? $"\"{line.SubstringByTextElements(0, longest)}…\"" : $"\"{line.String}\"";
    }
}
