using System;
using System.Collections.Generic;
using System.Threading;
using System.Threading.Tasks;
using Jobs;

namespace App;

public sealed record EmailArgs(string Email);

[Worker]
public static partial class Mailer
{
    [Perform]
    public static void Deliver(EmailArgs args) { }
}
