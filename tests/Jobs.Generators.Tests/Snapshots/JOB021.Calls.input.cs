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
    public static Task StartAsync(JobClient client, IEnumerable<NewJob> jobs) => client.EnqueueBatchAsync("", jobs);

    public static JobOutcome Postpone() => JobOutcome.Snooze(-TimeSpan.FromSeconds(1));
}
