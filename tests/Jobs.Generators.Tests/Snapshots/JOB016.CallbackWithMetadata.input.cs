using System;
using System.Collections.Generic;
using System.Threading;
using System.Threading.Tasks;
using Jobs;

namespace App;

public sealed record EmailArgs(string Email);

public sealed record Campaign(string Name);

[Worker]
public partial class Mailer
{
    [Perform]
    public void Deliver(EmailArgs args) { }

    [Perform]
    public void Notify(BatchComplete<Campaign> batch) { }
}

public static class Caller
{
    public static NewJob Make(BatchComplete<Campaign> batch) => Mailer.New(batch);
}
