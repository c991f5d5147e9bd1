using System.Net.Sockets;
using System.Text;
using MailKit;
using MailKit.Net.Smtp;
using MailKit.Security;
using MimeKit;

namespace EmailBlast.Mail.Smtp;

/// <summary>One connection to a mail server, which sends one mail after the other.</summary>
sealed class SmtpConnection : SmtpClient
{
    static readonly TimeSpan ConnectsWithin = TimeSpan.FromSeconds(20);
    static readonly TimeSpan SendsWithin = TimeSpan.FromMinutes(2);

    bool _hasBegun;

    // Not to check revocation is the default of .NET itself: a private authority has no list of revoked certificates, and where the
    // list of a public one cannot be fetched, no mail would go out.
    SmtpConnection() => CheckCertificateRevocation = false;

    /// <summary>Connects and logs in.</summary>
    /// <exception cref="SmtpUnavailableException">That failed.</exception>
    public static async Task<SmtpConnection> OpenAsync(SmtpServer server, CancellationToken cancellationToken)
    {
        var connection = new SmtpConnection();
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        deadline.CancelAfter(ConnectsWithin);
        try
        {
            await connection.ConnectAsync(server.Host, server.Port, OptionsFor(server), deadline.Token);
            if (server.Login is { } login)
                await connection.AuthenticateAsync(Encoding.UTF8, login, deadline.Token);
            return connection;
        }
        catch (Exception exception)
        {
            connection.Dispose();
            if (!cancellationToken.IsCancellationRequested && Explain(exception, server) is { } unavailable)
                throw unavailable;
            throw;
        }
    }

    /// <summary>Sends a mail. Where that fails and the connection can still be used, <see cref="SmtpClient.IsConnected"/> says so.</summary>
    /// <exception cref="SmtpCommandException">The server refused the sender, the recipient or the mail.</exception>
    /// <exception cref="TimeoutException">The server took more than two minutes.</exception>
    /// <exception cref="NotSupportedException">The address needs SMTPUTF8, which the server does not offer.</exception>
    public async Task SendAsync(Letter letter, CancellationToken cancellationToken)
    {
        if (letter.Format.International && !Capabilities.HasFlag(SmtpCapabilities.UTF8))
            throw new NotSupportedException("The mail server lacks SMTPUTF8.");

        _hasBegun = false;
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        deadline.CancelAfter(SendsWithin);
        try
        {
            await SendAsync(letter.Format, letter.Message, letter.From, [letter.To], deadline.Token);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new TimeoutException($"The mail server did not take the mail within {SendsWithin.TotalMinutes:0} minutes.");
        }
    }

    /// <summary>Whether a mail failed because the server had closed this connection, or closes it now, before it took anything of the mail.</summary>
    public bool WasClosed(Exception exception) => !_hasBegun && exception
        is IOException or SmtpProtocolException or ServiceNotConnectedException or SmtpCommandException { StatusCode: SmtpStatusCode.ServiceNotAvailable };

    protected override void OnSenderAccepted(MimeMessage message, MailboxAddress mailbox, SmtpResponse response) => _hasBegun = true;

    static SecureSocketOptions OptionsFor(SmtpServer server) => server.Security switch
    {
        SmtpSecurity.None => SecureSocketOptions.None,
        SmtpSecurity.StartTls => SecureSocketOptions.StartTls,
        SmtpSecurity.Tls => SecureSocketOptions.SslOnConnect,
        _ when server.Port == 465 => SecureSocketOptions.SslOnConnect,
        _ when server.IsLocal => SecureSocketOptions.StartTlsWhenAvailable,
        _ => SecureSocketOptions.StartTls,
    };

    static SmtpUnavailableException? Explain(Exception exception, SmtpServer server)
    {
        var (what, mayPass) = exception switch
        {
            SocketException => ($"cannot be reached: {exception.Message}", true),
            OperationCanceledException or TimeoutException => ($"does not answer within {ConnectsWithin.TotalSeconds:0} seconds", true),
            AuthenticationException when Refusal(exception) is { } refusal && (int)refusal.StatusCode < 500 => ($"cannot log anybody in now: {Reason(refusal)}", true),
            AuthenticationException => ($"refuses the login of \"{server.Login?.UserName}\": {exception.Message.TrimEnd('.')}. Check --smtp-user and {SmtpOptions.PasswordVariable}", false),
            SslHandshakeException { ServerCertificate: { } certificate } =>
                ($"has a certificate of \"{certificate.Subject}\" that is not trusted here, has expired, or is for another host", false),
            SslHandshakeException { InnerException: { } cause } => ($"cannot be spoken to with TLS: {cause.Message.TrimEnd('.')}. Is it the right host and port, and --smtp-security?", false),
            NotSupportedException when server.Login is not null && exception.Message.Contains("authentication", StringComparison.OrdinalIgnoreCase) =>
                ("takes no login. Leave out --smtp-user, or check --smtp-security: some take one only with TLS", false),
            NotSupportedException => ("does not offer STARTTLS. Is it --smtp-security tls, or none?", false),
            SmtpCommandException refusal => ($"turns this machine away: {Reason(refusal)}", (int)refusal.StatusCode < 500),
            IOException or SmtpProtocolException => ($"does not speak as a mail server does: {exception.Message}", true),
            _ => (null, false),
        };
        return what is null ? null : new SmtpUnavailableException(OneLine.Of($"The mail server {server} {what.TrimEnd('.', '?')}{(what.EndsWith('?') ? '?' : '.')}"), mayPass, exception);
    }

    static SmtpCommandException? Refusal(Exception exception) => exception.InnerException as SmtpCommandException;

    /// <summary>What the server said, in one line: <c>550 5.1.1 No such user</c>.</summary>
    public static string Reason(SmtpCommandException refusal) => OneLine.Of($"{(int)refusal.StatusCode} {refusal.Message}");
}
