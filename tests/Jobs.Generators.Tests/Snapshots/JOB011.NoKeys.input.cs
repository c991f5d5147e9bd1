using System;
using System.Collections.Generic;
using System.Threading;
using System.Threading.Tasks;
using Jobs;

namespace App;

public sealed record SweepArgs;

public sealed record PruneArgs;

[Worker]
public partial class Mailer
{
    [Perform]
    public void Sweep(SweepArgs args) { }

    [Perform]
    public void Prune(PruneArgs args) { }
}
