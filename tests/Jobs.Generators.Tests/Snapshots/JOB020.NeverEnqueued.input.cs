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
    public static void Welcome(EmailArgs args, List<EmailArgs> all)
    {
        Mailer.New(args);
        _ = Mailer.New(args);
        _ = Mailer.New(args) with { Priority = 1 };
        all.ForEach(one => Mailer.New(one));
    }
}
