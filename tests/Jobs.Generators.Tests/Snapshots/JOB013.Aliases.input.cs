using System;
using System.Threading;
using System.Threading.Tasks;
using Jobs;

namespace App;

public sealed record EmailArgs(string Email);

[Worker(Aliases = new[] { "", "App.Mailer", "old", "old", null })]
public partial class Mailer
{
    [Perform]
    public void Deliver(EmailArgs args) { }
}
