using System;
using System.Threading;
using System.Threading.Tasks;
using Jobs;

namespace App;

public sealed record EmailArgs(string Email);

public sealed record Reminder(string Text);

[Worker]
public partial class Mailer
{
    [Perform]
    partial void Deliver(EmailArgs args);

    [Perform, System.Diagnostics.Conditional("DEBUG")]
    public void Remind(Reminder reminder) { }
}
