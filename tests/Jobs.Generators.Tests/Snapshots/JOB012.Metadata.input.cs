using System;
using System.Collections.Generic;
using System.Threading;
using System.Threading.Tasks;
using Jobs;

namespace App;

public sealed record Campaign(string Name);

[Worker]
public partial class Mailer
{
    [Perform]
    public void Notify(BatchComplete<Campaign> batch) { }

    [Perform]
    public void NotifyOfAny(BatchComplete<Campaign?> batch) { }
}
