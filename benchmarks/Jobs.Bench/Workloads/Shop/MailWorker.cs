namespace Jobs.Bench.Workloads.Shop;

public sealed record Receipt(int Order);

public sealed record Reminder(int OrderToReview);

/// <summary>Writes to one customer.</summary>
[Worker(Name = WorkerName, Queue = "mail", Priority = 1)]
sealed partial class MailWorker(ShopDay day)
{
    public const string WorkerName = "shop.mail";

    [Perform]
    public async Task SendReceiptAsync(Receipt receipt, CancellationToken cancellationToken)
    {
        day.Receipts.Begin(receipt.Order);
        await Task.Delay(TimeSpan.FromMilliseconds(2), cancellationToken);
        day.End();
    }

    [Perform]
    public async Task SendReminderAsync(Reminder reminder, CancellationToken cancellationToken)
    {
        day.Reminders.Begin(reminder.OrderToReview);
        await Task.Delay(TimeSpan.FromMilliseconds(2), cancellationToken);
        day.End();
    }
}
