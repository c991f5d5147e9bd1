using System;
using Jobs;

namespace Samples;

public sealed record EmailArgs(string Email);

public abstract class Patient
{
    [Backoff]
    protected static TimeSpan @event(FailedAttempt failed) => failed.DefaultDelay;
}

[Worker(TimeoutSeconds = 30)]
public partial class Mailer : Patient
{
    [Perform]
    public void Deliver(EmailArgs args)
    {
    }

    [Backoff]
    static TimeSpan WaitAfter(FailedAttempt failed) => failed.DefaultDelay * 2;
}

[Worker]
public partial class Sender : Patient
{
    [Perform]
    public void Send(EmailArgs args)
    {
    }
}
