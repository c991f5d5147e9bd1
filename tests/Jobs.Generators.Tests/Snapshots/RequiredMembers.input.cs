using System;
using System.Threading;
using System.Threading.Tasks;
using Jobs;
using Microsoft.Extensions.DependencyInjection;

namespace App;

public interface IMailer { }

public class Clock { }

public abstract class MailerBase
{
    public required Clock Clock { get; init; }

    public virtual required IMailer Mailer { get; init; }
}

public sealed record EmailArgs(string Email);

[Worker]
public partial class RequiringMailer : MailerBase
{
    [ActivatorUtilitiesConstructor]
    public RequiringMailer(IMailer first) => First = first;

    public RequiringMailer(IMailer first, Clock clock)
        : this(first) => Clock = clock;

    public IMailer First { get; }

    public required IServiceProvider? @event;

    public override required IMailer Mailer { get; init; }

    [Perform]
    public void Deliver(EmailArgs args) { }
}

[Worker]
[method: System.Diagnostics.CodeAnalysis.SetsRequiredMembers]
public partial class SettingMailer() : MailerBase
{
    [Perform]
    public void Deliver(EmailArgs args) { }
}
