using System;
using System.Collections.Generic;
using System.Text.Json.Serialization;
using System.Threading;
using System.Threading.Tasks;
using Jobs;

namespace App;

[JsonDerivedType(typeof(Circle), "circle")]
public abstract record Figure;

public sealed record Circle(double Radius) : Figure;

public sealed record EmailArgs(string Email, Figure Figure);

[Worker]
public partial class Mailer
{
    [Perform]
    public void Deliver(EmailArgs args) { }
}
