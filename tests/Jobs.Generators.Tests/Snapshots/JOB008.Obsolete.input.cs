using System;
using System.Threading;
using System.Threading.Tasks;
using Jobs;

namespace App;

public sealed record EmailArgs(string Email)
{
    [Obsolete("Gone.", error: true)]
    public string? Name { get; init; }

    [Obsolete("Computed.", error: true)]
    public int Length => Email.Length;
}

[Worker]
public partial class Mailer
{
    [Perform]
    public void Deliver(EmailArgs args) { }
}
