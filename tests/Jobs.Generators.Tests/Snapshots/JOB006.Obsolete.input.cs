using System;
using System.Threading;
using System.Threading.Tasks;
using Jobs;

namespace App;

public sealed record EmailArgs(string Email);

[Worker]
public partial class Mailer
{
    [Perform, Obsolete("Gone.", error: true)]
    public void Deliver(EmailArgs args) { }
}
