using System;
using System.Collections.Generic;
using System.Threading;
using System.Threading.Tasks;
using Jobs;

namespace App;

public sealed record EmailArgs(string Email);

[Worker]
public partial class Mailer
{
    [Perform]
    public void Deliver(EmailArgs args) { }
}

public static class Signup
{
    public static NewJob Make(EmailArgs args) =>
        Mailer.New(args) with { ScheduleIn = TimeSpan.FromMinutes(5), ScheduleAt = DateTimeOffset.UtcNow };
}
