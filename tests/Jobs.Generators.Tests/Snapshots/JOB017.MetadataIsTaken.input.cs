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

    public static Campaign Metadata() => new("spring");
}
