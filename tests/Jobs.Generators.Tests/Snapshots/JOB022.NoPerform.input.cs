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
    public static Task StartAsync(JobClient client, IEnumerable<NewJob> jobs) =>
        client.EnqueueBatchAsync("weekly", jobs, batch => batch.OnComplete<Mailer>());
}
