using System.Globalization;
using System.Text;
using Jobs;
using MimeKit;
using MimeKit.Text;

namespace EmailBlast.Mail;

/// <summary>Puts each mail as an <c>.eml</c> file into a pickup folder.</summary>
/// <remarks>A file is named after its job, so a job that runs again replaces its own mail.</remarks>
sealed class PickupMailer(PickupFolder pickup, TimeProvider clock) : IMailer
{
    static readonly MailboxAddress Sender = new("The Weekly Update", "weekly@example.com");
    static readonly MailboxAddress Admins = new("The admins", "admins@example.com");

    public async Task<JobOutcome> SendWeeklyUpdateAsync(WeeklyUpdate mail, CancellationToken cancellationToken)
    {
        // The list was checked when it was read; a job may also come from somebody else's INSERT.
        if (EmailAddress.FindProblem(mail.Email, out _) is { } problem)
            return JobOutcome.Discard($"The address {problem}.");

        var to = new MailboxAddress(Encoding.UTF8, mail.Name is null ? "" : OneLine.Of(mail.Name), mail.Email);
        var greeting = to.Name is { Length: > 0 } ? $"Hello {to.Name}," : "Hello,";
        var message = Compose(to, "Your weekly update", $"""
            {greeting}

            this is your weekly update: all is well.

            The Weekly Update
            """);
        await WriteAsync(mail.BatchId, $"job-{mail.JobId.ToString(CultureInfo.InvariantCulture)}", message, to, cancellationToken);
        return JobOutcome.Complete;
    }

    public Task NotifyAdminAsync(AdminNotice notice, CancellationToken cancellationToken) =>
        WriteAsync(notice.BatchId, "admins", Compose(Admins, notice.Subject, notice.Text), Admins, cancellationToken);

    MimeMessage Compose(MailboxAddress to, string subject, string text)
    {
        var message = new MimeMessage
        {
            Date = clock.GetUtcNow(),
            Subject = OneLine.Of(subject),
            Body = new TextPart(TextFormat.Plain) { Text = text },
        };
        message.From.Add(Sender);
        message.To.Add(to);
        return message;
    }

    Task WriteAsync(string? batchId, string name, MimeMessage message, MailboxAddress to, CancellationToken cancellationToken)
    {
        // Made of the job, and not at random: a receiver who gets the mail of a repeated job once more can tell that it is the same.
        message.MessageId = $"{Path.GetFileName(pickup.OfBatch(batchId))}.{name}@weekly.example.com";
        var format = FormatOptions.Default.Clone();
        format.NewLineFormat = NewLineFormat.Dos;
        // A domain has an ASCII form; a local part has none, and needs the headers in UTF-8 (RFC 6532).
        format.International = !Ascii.IsValid(to.LocalPart);
        return pickup.WriteAsync(batchId, $"{name}.eml", file => message.WriteToAsync(format, file, cancellationToken), cancellationToken);
    }
}
