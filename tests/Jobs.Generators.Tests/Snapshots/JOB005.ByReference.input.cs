using System;
using System.Collections.Generic;
using System.Text.Json.Serialization;
using System.Threading;
using System.Threading.Tasks;
using Jobs;

namespace App;

public sealed record EmailArgs(string Email);

[Worker]
public partial class Mailer
{
    [Perform]
    public ref JobOutcome Deliver(EmailArgs args) => ref _outcome;

    JobOutcome _outcome = JobOutcome.Complete;
}
