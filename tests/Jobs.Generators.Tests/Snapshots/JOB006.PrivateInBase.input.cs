using System;
using System.Threading;
using System.Threading.Tasks;
using Jobs;

namespace App;

public sealed record EmailArgs(string Email);

public abstract class WorkerBase<TArgs>
{
    [Perform]
    void Run(TArgs args) { }
}

[Worker]
public partial class Mailer : WorkerBase<EmailArgs>;
