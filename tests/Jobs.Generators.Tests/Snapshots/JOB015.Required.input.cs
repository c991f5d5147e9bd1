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
    public required string Server { get; init; }

    [Perform]
    public void Deliver(EmailArgs args) { }
}
