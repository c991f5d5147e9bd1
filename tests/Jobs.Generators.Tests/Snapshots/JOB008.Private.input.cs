using System;
using System.Collections.Generic;
using System.Threading;
using System.Threading.Tasks;
using Jobs;

namespace App;

[Worker]
public partial class Mailer
{
    [Perform]
    void Deliver(EmailArgs args) { }

    sealed record EmailArgs(string Email);
}
