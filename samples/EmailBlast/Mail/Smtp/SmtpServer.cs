using System.Net;

namespace EmailBlast.Mail.Smtp;

/// <summary>How the connection to a mail server is encrypted.</summary>
enum SmtpSecurity
{
    /// <summary>TLS from the first byte on port 465; to this machine itself what the server offers; else <see cref="StartTls"/>.</summary>
    Auto,

    /// <summary>Nothing is encrypted.</summary>
    None,

    /// <summary>The connection is encrypted before anything is said, or not used.</summary>
    StartTls,

    /// <summary>TLS from the first byte.</summary>
    Tls,
}

/// <summary>A mail server, and how to talk to it.</summary>
/// <param name="Host">A name or an address, which the server's certificate must be for.</param>
/// <param name="Port">1 to 65535.</param>
/// <param name="Security">How the connection is encrypted.</param>
/// <param name="Login">Whom to log in as; <see langword="null"/> for a server that wants no login.</param>
sealed record SmtpServer(string Host, int Port, SmtpSecurity Security = SmtpSecurity.Auto, NetworkCredential? Login = null)
{
    /// <summary>Whether what is sent there stays on this machine.</summary>
    public bool IsLocal => Host.Equals("localhost", StringComparison.OrdinalIgnoreCase) || (IPAddress.TryParse(Host, out var address) && IPAddress.IsLoopback(address));

    /// <summary>Reads <c>HOST:PORT</c>, such as <c>mail.example.com:587</c> or <c>[::1]:25</c>; <see langword="null"/> if it is none.</summary>
    public static SmtpServer? TryParse(string text)
    {
        var colon = text.LastIndexOf(':');
        if (colon < 1 || !ushort.TryParse(text.AsSpan(colon + 1), System.Globalization.NumberStyles.None, null, out var port) || port == 0)
            return null;
        var host = text[..colon];
        if (host is ['[', .. var inner, ']'])
            return IPAddress.TryParse(inner, out _) ? new SmtpServer(inner, port) : null;
        return Uri.CheckHostName(host) is UriHostNameType.Dns or UriHostNameType.IPv4 ? new SmtpServer(host, port) : null;
    }

    /// <summary>Names the server, and not its password.</summary>
    public override string ToString() => Host.Contains(':', StringComparison.Ordinal) ? $"[{Host}]:{Port}" : $"{Host}:{Port}";
}
