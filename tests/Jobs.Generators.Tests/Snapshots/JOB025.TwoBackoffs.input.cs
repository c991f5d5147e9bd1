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
    static TimeSpan Slowly(FailedAttempt failed) => TimeSpan.FromHours(1);

    [Backoff]
    static TimeSpan Quickly(FailedAttempt failed) => TimeSpan.FromSeconds(1);
}
