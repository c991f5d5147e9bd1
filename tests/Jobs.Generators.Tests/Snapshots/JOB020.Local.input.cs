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
    public static async Task WelcomeAsync(JobClient client, EmailArgs args)
    {
        var first = Mailer.New(args);
        var later = first with { ScheduleIn = TimeSpan.FromMinutes(5) };
        await client.EnqueueAsync(first);

        NewJob urgent = Mailer.New(args);
        urgent = urgent with { Priority = 0 };
    }
}
