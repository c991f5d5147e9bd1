using System;
using System.Collections.Generic;
using System.Threading;
using System.Threading.Tasks;
using Jobs;

namespace App;

public sealed record Campaign(string Name);

public sealed record Season(string Name);

[Worker]
public partial class Mailer
{
    [Perform]
    public void Notify(BatchComplete batch) { }

    [Perform]
    public void NotifyOfCampaign(BatchComplete<Campaign> batch) { }

    [Perform]
    public void NotifyOfSeason(BatchComplete<Season?> batch) { }
}
