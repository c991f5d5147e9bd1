using System;
using System.Collections.Generic;
using System.Threading;
using System.Threading.Tasks;
using Jobs;

namespace App;

public sealed record EmailArgs(string Email, List<string> Tags, object Extra, char Initial)
{
    public int Field;
    public int Computed => Field + 1;
    public string Unset { get; } = "";
    internal string Hidden { get; init; } = "";
}

[Worker]
public partial class Mailer
{
    [Perform]
    public void Deliver(EmailArgs args) { }
}

public static class Caller
{
    public static NewJob Make() => Mailer.New(new EmailArgs("a", [], 1, 'c'));
}
