using System;
using System.Threading;
using System.Threading.Tasks;
using Jobs;

namespace App;

public sealed record EmailArgs(string Email);

public sealed record Receipt(int Number);

public sealed record Reminder(string Text);

public abstract class WorkerBase<TArgs>
    where TArgs : class
{
    [Perform]
    public Task RunAsync(TArgs args, CancellationToken cancellationToken) => Task.CompletedTask;
}

public abstract class ReminderBase<TArgs, TMore> : WorkerBase<TArgs>
    where TArgs : class
    where TMore : class
{
    [Perform]
    protected abstract void Remind(TMore more);

    [Perform]
    protected virtual JobOutcome Record(Receipt receipt) => JobOutcome.Complete;
}

[Worker]
public partial class Mailer : ReminderBase<EmailArgs, Reminder>
{
    protected override void Remind(Reminder more) { }

    [Perform]
    protected override JobOutcome Record(Receipt receipt) => JobOutcome.Discard("kept elsewhere");
}

[Worker]
public partial class QuietMailer : Mailer
{
    public new void RunAsync(EmailArgs args, CancellationToken cancellationToken) { }
}
