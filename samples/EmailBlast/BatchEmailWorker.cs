using EmailBlast.Mail;
using Jobs;

namespace EmailBlast;

public sealed record EmailArgs(string Email, string? Name);

[Worker(Queue = "batch", MaxAttempts = 5)]
public partial class BatchEmailWorker(IMailer mailer)
{
    [Perform]
    public Task<JobOutcome> DeliverAsync(EmailArgs args, JobContext job, CancellationToken cancellationToken) =>
        mailer.SendWeeklyUpdateAsync(new WeeklyUpdate(job.Batch?.Id, job.Id, job.Attempt, args.Email, args.Name), cancellationToken);

    [Perform]
    public Task NotifyAdminAsync(BatchComplete batch, CancellationToken cancellationToken) =>
        mailer.NotifyAdminAsync(AdminNotice.Of(batch), cancellationToken);
}
