using System;
using System.Threading;
using System.Threading.Tasks;
using Jobs;

namespace App;

public sealed record EmailArgs(string Email);

public abstract class WorkerBase
{
    public required JobContext Job { get; init; }
}

[Worker]
public partial class Mailer : WorkerBase
{
    [Perform]
    public void Deliver(EmailArgs args) { }
}
