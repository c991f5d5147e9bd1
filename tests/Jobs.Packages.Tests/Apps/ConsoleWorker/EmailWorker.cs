using Jobs;

namespace ConsoleWorker;

public sealed record EmailArgs(string Email, string? Name);

[Worker(Queue = "mail", MaxAttempts = 5)]
public sealed partial class EmailWorker(Outbox outbox)
{
    [Perform]
    public void Deliver(EmailArgs args) => outbox.Deliver(args.Email);

    [Perform]
    public void TellTheAdmins(BatchComplete batch) => outbox.Close(batch);
}
