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
    public static void Welcome(JobClient client, EmailArgs args, List<EmailArgs> all)
    {
        client.EnqueueAsync(Mailer.New(args));
        all.ForEach(one => client.EnqueueAsync(Mailer.New(one)));
    }
}
