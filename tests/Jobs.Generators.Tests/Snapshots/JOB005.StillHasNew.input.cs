using System;
using System.Collections.Generic;
using System.Threading;
using System.Threading.Tasks;
using Jobs;

namespace App;

public sealed record EmailArgs(string Email);

[Worker]
public partial class Mailer
{
    [Perform]
    public Task<int> DeliverAsync(EmailArgs args) => Task.FromResult(1);
}

public static class Caller
{
    public static NewJob Make() => Mailer.New(new EmailArgs("a"));
}
