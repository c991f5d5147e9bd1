using System;
using System.Collections.Generic;
using System.Text.Json.Serialization;
using System.Threading;
using System.Threading.Tasks;
using Jobs;

namespace App;

[Flags]
public enum Days
{
    Monday = 1,
    Tuesday = 2,

    [JsonStringEnumMemberName("Saturday, Sunday")]
    Weekend = 96,
}

public sealed record EmailArgs(string Email, Days Days);

[Worker]
public partial class Mailer
{
    [Perform]
    public void Deliver(EmailArgs args) { }
}
