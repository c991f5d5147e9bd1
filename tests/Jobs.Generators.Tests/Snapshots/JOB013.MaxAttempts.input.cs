using System;
using System.Collections.Generic;
using System.Text.Json.Serialization;
using System.Threading;
using System.Threading.Tasks;
using Jobs;

namespace App;

public sealed record EmailArgs(string Email);

[Worker(MaxAttempts = 0)]
public partial class Mailer
{
    [Perform]
    public void Deliver(EmailArgs args) { }
}
