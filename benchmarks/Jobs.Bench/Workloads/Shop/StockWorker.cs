namespace Jobs.Bench.Workloads.Shop;

public sealed record StockCheck(int Order);

/// <summary>Looks whether the goods of an order are there, and later again if they are not.</summary>
[Worker(Name = WorkerName, Queue = "orders", Priority = 2)]
sealed partial class StockWorker(ShopDay day)
{
    public const string WorkerName = "shop.stock";

    [Perform]
    public JobOutcome Look(StockCheck check)
    {
        day.Stock.Begin(check.Order);
        if (!day.IsInStock(check.Order))
            return JobOutcome.Snooze(TimeSpan.FromMilliseconds(500));
        day.End();
        return JobOutcome.Complete;
    }
}
