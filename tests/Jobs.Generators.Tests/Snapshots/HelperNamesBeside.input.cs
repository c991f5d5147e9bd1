namespace App;

public class ThisWorker { }

public class Shape { }

public class ArgsJson { }

public sealed record EmailArgs(string Email);

[Jobs.Worker]
public partial class Mailer
{
    [Jobs.Perform]
    public void Deliver(EmailArgs args) { }
}
