using System;
using System.Collections.Generic;
using System.Threading;
using System.Threading.Tasks;
using Jobs;

namespace App;

public sealed record EmailArgs
{
    public EmailArgs(string email) => Email = email;
    public EmailArgs(string email, int times) => Email = email + times;
    public string Email { get; }
}

[Worker]
public partial class Mailer
{
    [Perform]
    public void Deliver(EmailArgs args) { }
}
