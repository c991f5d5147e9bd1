using System;
using System.Collections.Generic;
using System.Text.Json.Serialization;
using System.Threading;
using System.Threading.Tasks;
using Jobs;

namespace App;

public sealed record EmailArgs(string Email);

public sealed record ReminderArgs(string Email, int Days);

[Worker]
public partial class Mailer
{
    [Perform]
    public void Deliver(EmailArgs args) { }

    [Perform]
    public void Remind(ReminderArgs args) { }
}

public static class Billing
{
    public static NewJob Bill() => Mailer.New("ada@example.com");
}
