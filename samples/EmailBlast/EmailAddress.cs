using System.Globalization;
using System.Text;

namespace EmailBlast;

/// <summary>What this program takes for a mail address: a local part as in RFC 5322 and RFC 6531, and a domain name with a dot.</summary>
/// <remarks>Quoted local parts and address literals, such as <c>"a b"@[192.0.2.1]</c>, are legal, and on a mailing list always a mistake.</remarks>
static class EmailAddress
{
    // RFC 5321, section 4.5.3.1, in bytes of UTF-8.
    const int LongestLocalPart = 64;
    const int LongestAddress = 254;

    static readonly IdnMapping DomainNames = new() { UseStd3AsciiRules = true };

    /// <summary>Says what is wrong with an address.</summary>
    /// <param name="address">The address, without white space around it.</param>
    /// <param name="canonical">The same text for any two spellings of one address, if nothing is wrong.</param>
    /// <returns>The end of a sentence that starts with the address; <see langword="null"/> if nothing is wrong.</returns>
    /// <remarks>
    /// A domain is the same in upper and lower case, and in Unicode and punycode. Only the receiving host may say so of a local part (RFC
    /// 5321, section 2.4), so <c>Ada@example.com</c> and <c>ada@example.com</c> are two addresses.
    /// </remarks>
    public static string? FindProblem(string address, out string canonical)
    {
        canonical = "";
        if (address.Length == 0)
            return "is empty";
        var at = address.LastIndexOf('@');
        if (at < 0)
            return "has no @";

        var localPart = address[..at];
        if (FindProblemOfLocalPart(localPart) is { } problem)
            return problem;
        if (!TryGetAsciiDomain(address[(at + 1)..], out var domain))
            return "has no valid domain name after the @";

        canonical = localPart + '@' + domain;
        return Encoding.UTF8.GetByteCount(canonical) > LongestAddress ? $"is longer than {LongestAddress} bytes" : null;
    }

    static string? FindProblemOfLocalPart(string localPart)
    {
        if (localPart.Length == 0)
            return "has nothing before the @";
        if (Encoding.UTF8.GetByteCount(localPart) > LongestLocalPart)
            return $"has more than {LongestLocalPart} bytes before the @";
        if (localPart.StartsWith('.') || localPart.EndsWith('.') || localPart.Contains("..", StringComparison.Ordinal))
            return "has a dot in a wrong place before the @";
        foreach (var rune in localPart.EnumerateRunes())
            if (!IsAllowed(rune))
                return Rune.IsWhiteSpace(rune) ? "has a space before the @" : $"has a character before the @ that cannot stand there (U+{rune.Value:X4})";
        return null;
    }

    static bool IsAllowed(Rune rune) => rune.IsAscii
        ? Rune.IsLetterOrDigit(rune) || "!#$%&'*+-/=?^_`{|}~.".Contains((char)rune.Value, StringComparison.Ordinal)
        : Rune.GetUnicodeCategory(rune) switch
        {
            // The two joiners shape letters of Persian and the Indic scripts; other format characters are there to deceive the eye.
            UnicodeCategory.Format => rune.Value is 0x200C or 0x200D,
            UnicodeCategory.Control or UnicodeCategory.Surrogate or UnicodeCategory.OtherNotAssigned => false,
            UnicodeCategory.SpaceSeparator or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator => false,
            _ => true,
        };

    static bool TryGetAsciiDomain(string domain, out string ascii)
    {
        try
        {
            ascii = DomainNames.GetAscii(domain.ToLowerInvariant());
            return ascii.Contains('.', StringComparison.Ordinal) && !ascii.EndsWith('.');
        }
        catch (ArgumentException)
        {
            // IdnMapping has no other way to say that a label is empty, too long, or has a character that no domain name has.
            ascii = "";
            return false;
        }
    }
}
