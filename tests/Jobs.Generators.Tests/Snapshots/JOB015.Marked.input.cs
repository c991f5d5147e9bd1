using System;
using System.Threading;
using System.Threading.Tasks;
using Jobs;
using Microsoft.Extensions.DependencyInjection;

namespace App;

public sealed record EmailArgs(string Email);

[Worker]
public partial class Mailer
{
    [ActivatorUtilitiesConstructor]
    Mailer(IServiceProvider services) { }

    public Mailer() { }

    [Perform]
    public void Deliver(EmailArgs args) { }
}

[Worker]
public partial class OtherMailer
{
    [ActivatorUtilitiesConstructor]
    public OtherMailer(IServiceProvider services) { }

    [ActivatorUtilitiesConstructor]
    public OtherMailer() { }

    [Perform]
    public void Deliver(EmailArgs args) { }
}

[Worker]
public partial class OldMailer
{
    [Obsolete("Gone.", error: true)]
    public OldMailer() { }

    [Perform]
    public void Deliver(EmailArgs args) { }
}
