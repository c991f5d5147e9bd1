using System;
using System.Collections.Generic;
using System.Text.Json.Serialization;
using System.Threading;
using System.Threading.Tasks;
using Jobs;

namespace App;

public sealed record EmailArgs
{
    [JsonConstructor]
    public EmailArgs() { }

    [JsonConstructor]
    public EmailArgs(string email) => Email = email;

    public string Email { get; init; } = "";
}

[Worker]
public partial class Mailer
{
    [Perform]
    public void Deliver(EmailArgs args) { }
}
