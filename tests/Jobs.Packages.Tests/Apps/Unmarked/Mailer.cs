using Jobs;

namespace Unmarked;

public sealed record EmailArgs(string Email);

public class Mailer
{
    [Perform]
    public void Deliver(EmailArgs args) => Console.WriteLine(args.Email);
}
