using System;
using System.Threading;
using System.Threading.Tasks;
using Jobs;

namespace App;

public class Clock { }

[Worker]
public partial class Mailer
{
    [Perform]
    public void Deliver(Clock clock, Uri address) { }
}
