using System;
using System.Collections.Generic;
using System.Text.Json.Serialization;
using System.Threading;
using System.Threading.Tasks;
using Jobs;

namespace App;

public record Letter(string Email)
{
    public string Subject { get; init; } = "";
}

public sealed record EmailArgs(string Email) : Letter(Email)
{
    public new string Subject { get; init; } = "";
}

[Worker]
public partial class Mailer
{
    [Perform]
    public void Deliver(EmailArgs args) { }
}
