using System;
using System.Threading;
using System.Threading.Tasks;
using Jobs;

namespace App;

public sealed record EmailArgs(string Email);

public interface IDelivers
{
    void Deliver(EmailArgs args);
}

[Worker]
public partial class Mailer : IDelivers
{
    [Perform]
    void IDelivers.Deliver(EmailArgs args) { }
}
