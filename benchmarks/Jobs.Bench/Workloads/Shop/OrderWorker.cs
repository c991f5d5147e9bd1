namespace Jobs.Bench.Workloads.Shop;

public sealed record Order(int Number);

/// <summary>Takes the money, and enqueues what follows from an order.</summary>
[Worker(Name = WorkerName, Queue = "orders")]
sealed partial class OrderWorker(ShopDay day, JobClient client)
{
    public const string WorkerName = "shop.order";

    [Perform]
    public async Task<JobOutcome> AcceptAsync(Order order, JobContext job, CancellationToken cancellationToken)
    {
        day.Orders.Begin(order.Number);
        await Task.Delay(TimeSpan.FromMilliseconds(2), cancellationToken);
        if (job.Attempt == 1 && ShopPlan.PaymentFailsOnce(order.Number))
            throw new TimeoutException("The payment provider does not answer.");

        if (!ShopPlan.IsRefused(order.Number))
            await FollowUpAsync(order.Number, cancellationToken);
        day.End();
        return ShopPlan.IsRefused(order.Number) ? JobOutcome.Cancel("The payment was refused.") : JobOutcome.Complete;
    }

    [Backoff]
    static TimeSpan WaitAfter(FailedAttempt failed) => TimeSpan.FromMilliseconds(300 * failed.Attempt);

    async Task FollowUpAsync(int order, CancellationToken cancellationToken)
    {
        day.Receipts.Expect(order);
        await client.EnqueueAsync(MailWorker.New(new Receipt(order)), cancellationToken);
        if (ShopPlan.IsOutOfStock(order))
        {
            day.Stock.Expect(order);
            await client.EnqueueAsync(StockWorker.New(new StockCheck(order)), cancellationToken);
        }

        if (ShopPlan.IsReminded(order))
        {
            var delay = TimeSpan.FromSeconds(1 + order % 40 / 10.0);
            day.Reminders.Expect(order, delay);
            await client.EnqueueAsync(MailWorker.New(new Reminder(order)) with { ScheduleIn = delay, Priority = 3 }, cancellationToken);
        }
    }
}
