using System;
using System.Threading;
using System.Threading.Tasks;
using Jobs;

namespace App;

public sealed record EmailArgs(string Email);

[Worker(TimeoutSeconds = 604801)]
public partial class Mailer
{
    [Perform]
    public void Deliver(EmailArgs args) { }
}
