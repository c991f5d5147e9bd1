using System;
using Jobs;

namespace Samples;

public sealed record EmailArgs(string Email);

public abstract class Patient
{
    [Backoff]
    static TimeSpan WaitAfter(FailedAttempt failed) => failed.DefaultDelay;
}

[Worker]
public partial class Mailer : Patient
{
    [Perform]
    public void Deliver(EmailArgs args)
    {
    }
}
