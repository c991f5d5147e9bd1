using System;
using System.Threading;
using System.Threading.Tasks;
using Jobs;

namespace App;

public sealed record EmailArgs(string Email);

[Worker]
public partial class Mailer
{
    [Perform]
    public void Deliver(EmailArgs args) { }
}

[Worker(Aliases = new[] { "App.Mailer", "App.OldMailer" })]
public partial class SecondMailer
{
    [Perform]
    public void Deliver(EmailArgs args) { }
}

[Worker(Aliases = new[] { "App.OldMailer" })]
public partial class ThirdMailer
{
    [Perform]
    public void Deliver(EmailArgs args) { }
}
