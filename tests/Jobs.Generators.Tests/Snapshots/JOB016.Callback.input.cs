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

    [Perform]
    public void Notify(BatchComplete batch) { }
}

public static class Caller
{
    public static NewJob Make(BatchComplete batch) => Mailer.New(batch);
}
