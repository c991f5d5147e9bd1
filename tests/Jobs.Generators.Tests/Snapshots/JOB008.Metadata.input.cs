using System;
using System.Collections.Generic;
using System.Threading;
using System.Threading.Tasks;
using Jobs;

namespace App;

public sealed record Campaign(string Name, object Owner);

[Worker]
public partial class Mailer
{
    [Perform]
    public void Notify(BatchComplete<Campaign> batch) { }

    [Perform]
    public void Warn(BatchDiscarded<Dictionary<string, string>> batch) { }

    [Perform]
    public void Ask(BatchRetryable<Action> batch) { }
}

public static class Caller
{
    public static BatchMetadata Make(Campaign campaign) => Mailer.Metadata(campaign);
}
