namespace EmailBlast.Mail.Smtp;

/// <summary>No connection to the mail server could be opened: the message says in one line which, why, and what to do.</summary>
sealed class SmtpUnavailableException(string message, bool mayPass, Exception cause) : Exception(message, cause)
{
    /// <summary>Whether the same may succeed in a moment: the server does not answer, and may be restarting.</summary>
    public bool MayPass { get; } = mayPass;
}
