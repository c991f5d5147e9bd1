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

public static class Host
{
    public static void Configure(JobsBuilder jobs) => jobs
        .AddQueue("mail", concurrency: 0)
        .AddQueue(" ", concurrency: 1)
        .Configure(options => options.NodeLease = TimeSpan.FromSeconds(1));
}
