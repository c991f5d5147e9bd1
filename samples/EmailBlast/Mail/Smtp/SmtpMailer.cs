using Jobs;
using MailKit;
using MailKit.Net.Smtp;

namespace EmailBlast.Mail.Smtp;

/// <summary>Hands each mail to a mail server.</summary>
/// <remarks>
/// A job that runs again after a crash sends its mail once more, with the same <c>Message-Id</c>. What the server refuses for good is given
/// up; what may pass is tried again after 15 seconds, 1, 4 and 16 minutes, which outlasts greylisting.
/// </remarks>
sealed class SmtpMailer(SmtpConnections connections, Letters letters) : IMailer
{
    static readonly TimeSpan FirstDelay = TimeSpan.FromSeconds(15);

    public async Task<JobOutcome> SendWeeklyUpdateAsync(WeeklyUpdate mail, CancellationToken cancellationToken)
    {
        // The list was checked when it was read; a job may also come from somebody else's INSERT.
        if (EmailAddress.FindProblem(mail.Email, out _) is { } problem)
            return JobOutcome.Discard($"The address {problem}.");

        try
        {
            await connections.SendAsync(letters.Write(mail), cancellationToken);
            return JobOutcome.Complete;
        }
        catch (SmtpCommandException refusal) when (IsForGood(refusal))
        {
            var what = refusal.ErrorCode == SmtpErrorCode.RecipientNotAccepted ? "address" : "mail";
            return JobOutcome.Discard($"The mail server refuses the {what}: {SmtpConnection.Reason(refusal)}");
        }
        catch (NotSupportedException)
        {
            return JobOutcome.Discard("The mail server takes no address with other than ASCII characters before the @ (it lacks SMTPUTF8).");
        }
        catch (SmtpCommandException refusal)
        {
            return Again(mail, $"The mail server does not take the mail now: {SmtpConnection.Reason(refusal)}");
        }
        catch (Exception trouble) when (trouble is IOException or SmtpProtocolException or ServiceNotConnectedException or TimeoutException or SmtpUnavailableException)
        {
            return Again(mail, OneLine.Of(trouble.Message));
        }
    }

    public Task NotifyAdminAsync(AdminNotice notice, CancellationToken cancellationToken) =>
        connections.SendAsync(letters.Write(notice), cancellationToken);

    // A sender that is refused, or a login that is missing (530), is a matter of the settings, not of this recipient.
    static bool IsForGood(SmtpCommandException refusal) =>
        refusal.ErrorCode is SmtpErrorCode.RecipientNotAccepted or SmtpErrorCode.MessageNotAccepted && (int)refusal.StatusCode is >= 500 and not 530;

    static JobOutcome Again(WeeklyUpdate mail, string reason) =>
        JobOutcome.RetryAfter(FirstDelay * Math.Pow(4, Math.Clamp(mail.Attempt - 1, 0, 5)) * (1 + Random.Shared.NextDouble() / 10), reason);
}
