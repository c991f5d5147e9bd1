namespace Jobs.Bench.Workloads.Shop;

public sealed record Letter(int Number);

/// <summary>Writes to all customers, as one batch, when nothing more urgent is to be mailed.</summary>
[Worker(Name = WorkerName, Queue = "mail", Priority = 9)]
sealed partial class MailingWorker(ShopDay day)
{
    public const string WorkerName = "shop.mailing";

    [Perform]
    public async Task<JobOutcome> SendAsync(Letter letter, JobContext job, CancellationToken cancellationToken)
    {
        day.Letters.Begin(letter.Number);
        await Task.Delay(TimeSpan.FromMilliseconds(1), cancellationToken);
        if (job.Attempt == 1 && ShopPlan.MailboxIsBusyOnce(letter.Number))
            return JobOutcome.RetryAfter(TimeSpan.FromMilliseconds(500), "The mailbox is busy.");

        day.End();
        return ShopPlan.Bounces(letter.Number) ? JobOutcome.Discard("There is no such mailbox.") : JobOutcome.Complete;
    }

    [Perform]
    public void Tell(BatchComplete batch)
    {
        day.Told.Enqueue(batch);
        day.End();
    }
}
