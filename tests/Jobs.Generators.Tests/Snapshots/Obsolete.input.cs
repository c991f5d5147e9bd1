using System;
using System.Threading;
using System.Threading.Tasks;
using Jobs;

namespace App;

[Obsolete]
public enum Tone
{
    Plain,
    [Obsolete("Nobody liked it.")] Loud,
}

[Obsolete("Use Reminder.")]
public sealed record EmailArgs(string Email, [property: Obsolete("Always plain.", DiagnosticId = "APP001")] Tone Tone);

[Obsolete("Use a queue.")]
public interface IMailer { }

[Obsolete]
[Worker]
public partial class Mailer(IMailer mailer)
{
    readonly IMailer _mailer = mailer;

    [Obsolete("Use RemindAsync."), Perform]
    public Task DeliverAsync(EmailArgs args, IMailer spare) => Task.FromResult(_mailer);
}
