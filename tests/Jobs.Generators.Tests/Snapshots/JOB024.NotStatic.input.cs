using System;
using Jobs;

namespace Samples;

public sealed record EmailArgs(string Email);

[Worker]
public partial class Mailer
{
    [Perform]
    public void Deliver(EmailArgs args)
    {
    }

    [Backoff]
    TimeSpan WaitAfter(FailedAttempt failed) => failed.DefaultDelay;
}
