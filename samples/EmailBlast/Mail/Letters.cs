using System.Globalization;
using System.Text;
using MimeKit;
using MimeKit.Text;

namespace EmailBlast.Mail;

/// <summary>A mail that is ready to go.</summary>
/// <param name="BatchId">The mailing; <see langword="null"/> for a job outside a batch.</param>
/// <param name="Name">Its name within the mailing, the same each time its job runs.</param>
/// <param name="Message">What the recipient gets.</param>
/// <param name="Format">How it is written.</param>
sealed record Letter(string? BatchId, string Name, MimeMessage Message, FormatOptions Format)
{
    public MailboxAddress From => (MailboxAddress)Message.From[0];

    public MailboxAddress To => (MailboxAddress)Message.To[0];
}

/// <summary>Writes the mails of a mailing, however they are sent.</summary>
sealed class Letters(MailboxAddress sender, MailboxAddress admins, TimeProvider clock)
{
    /// <summary>The mail to one recipient.</summary>
    /// <param name="mail">Its address is one that <see cref="EmailAddress"/> finds no problem with.</param>
    public Letter Write(WeeklyUpdate mail)
    {
        var to = new MailboxAddress(Encoding.UTF8, mail.Name is null ? "" : OneLine.Of(mail.Name), mail.Email);
        var greeting = to.Name is { Length: > 0 } ? $"Hello {to.Name}," : "Hello,";
        return Write(mail.BatchId, $"job-{mail.JobId.ToString(CultureInfo.InvariantCulture)}", to, "Your weekly update", $"""
            {greeting}

            this is your weekly update: all is well.

            The Weekly Update
            """);
    }

    /// <summary>The message to the admins.</summary>
    public Letter Write(AdminNotice notice) => Write(notice.BatchId, "admins", admins, notice.Subject, notice.Text);

    Letter Write(string? batchId, string name, MailboxAddress to, string subject, string text)
    {
        var message = new MimeMessage
        {
            Date = clock.GetUtcNow(),
            Subject = OneLine.Of(subject),
            // Made of the job, and not at random: a receiver who gets the mail of a repeated job once more can tell that it is the same.
            MessageId = $"{PickupFolder.NameOf(batchId)}.{name}@{MailboxAddress.IdnMapping.Encode(sender.Domain)}",
            Body = new TextPart(TextFormat.Plain) { Text = text },
        };
        message.From.Add(sender);
        message.To.Add(to);

        var format = FormatOptions.Default.Clone();
        format.NewLineFormat = NewLineFormat.Dos;
        // A domain has an ASCII form; a local part has none, and needs the headers in UTF-8 (RFC 6532).
        format.International = !Ascii.IsValid(to.LocalPart) || !Ascii.IsValid(sender.LocalPart);
        return new Letter(batchId, name, message, format);
    }
}
