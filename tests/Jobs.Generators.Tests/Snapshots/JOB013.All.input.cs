using System;
using System.Collections.Generic;
using System.Threading;
using System.Threading.Tasks;
using Jobs;

namespace App;

public sealed record EmailArgs(string Email);

[Worker(Name = " ", Queue = "", MaxAttempts = 0, Priority = -1, Tags = ["mail", ""])]
[Unique(PeriodSeconds = -1, States = (UniqueStates)9, Replaces = (JobFields)128)]
public partial class Mailer
{
    [Perform]
    public void Deliver(EmailArgs args) { }
}
