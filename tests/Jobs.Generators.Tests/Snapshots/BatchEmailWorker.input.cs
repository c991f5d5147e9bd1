using System.Threading;
using System.Threading.Tasks;
using Jobs;

namespace EmailBlast;

public interface IMailer
{
    Task SendWeeklyUpdateAsync(string email, CancellationToken cancellationToken);

    Task NotifyAdminAsync(string text, CancellationToken cancellationToken);
}

public sealed record EmailArgs(string Email);

[Worker(Queue = "batch", MaxAttempts = 5)]
public partial class BatchEmailWorker(IMailer mailer)
{
    [Perform]
    public Task DeliverAsync(EmailArgs args, CancellationToken cancellationToken) =>
        mailer.SendWeeklyUpdateAsync(args.Email, cancellationToken);

    [Perform]
    public Task NotifyAdminAsync(BatchComplete batch, CancellationToken cancellationToken) =>
        mailer.NotifyAdminAsync($"Batch {batch.BatchId} is complete!", cancellationToken);
}
