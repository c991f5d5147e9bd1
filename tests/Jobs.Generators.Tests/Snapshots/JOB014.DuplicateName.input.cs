using System;
using System.Collections.Generic;
using System.Threading;
using System.Threading.Tasks;
using Jobs;

namespace App;

public sealed record EmailArgs(string Email);

[Worker(Name = "mailer")]
public partial class WeeklyMailer
{
    [Perform]
    public void Deliver(EmailArgs args) { }
}

[Worker(Name = "mailer")]
public partial class DailyMailer
{
    [Perform]
    public void Deliver(EmailArgs args) { }
}
