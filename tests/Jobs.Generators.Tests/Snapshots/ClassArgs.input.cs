using System;
using System.Threading;
using System.Threading.Tasks;
using Jobs;

namespace App;

public class EmailArgs
{
    public required string Email { get; init; }
}

public class Clock
{
    public DateTimeOffset Now { get; } = DateTimeOffset.UnixEpoch;
}

[Worker(Name = "mails", Aliases = new[] { "App.OldMailer", "older \"mailer\"" })]
public partial class Mailer
{
    [Perform]
    public void Deliver(EmailArgs args, Clock clock) { }

    [Perform]
    private partial Task RemindAsync(Clock clock, Reminder reminder);
}

public sealed record Reminder(string Text);

partial class Mailer
{
    private partial Task RemindAsync(Clock clock, Reminder reminder) => Task.CompletedTask;
}
