using System.Collections.Concurrent;
using Jobs.Bench.Results;

namespace Jobs.Bench.Workloads.Shop;

/// <summary>What has happened on a day of the shop.</summary>
sealed class ShopDay(ShopPlan plan)
{
    readonly TaskCompletionSource _over = new(TaskCreationOptions.RunContinuationsAsynchronously);
    readonly int[] _looks = new int[plan.Orders];
    int _left = plan.Ends;

    public WaitClock Orders { get; } = new("order", plan.Orders);
    public WaitClock Receipts { get; } = new("receipt, enqueued by an order", plan.Orders);
    public WaitClock Stock { get; } = new("stock, which snoozes twice", plan.Orders);
    public WaitClock Reminders { get; } = new("reminder, scheduled", plan.Orders);
    public WaitClock Reports { get; } = new("report, two at a time", plan.Reports);
    public WaitClock Letters { get; } = new("letter of the mailing", plan.Letters);

    /// <summary>The callbacks of the mailing.</summary>
    public ConcurrentQueue<BatchComplete> Told { get; } = new();

    /// <summary>Completes when the last job has come to its end.</summary>
    public Task Over => _over.Task;

    public IReadOnlyList<Wait> Waits => [Orders.Read(), Receipts.Read(), Stock.Read(), Reminders.Read(), Reports.Read(), Letters.Read()];

    public int Left => Volatile.Read(ref _left);

    public bool IsInStock(int order) => Interlocked.Increment(ref _looks[order]) > ShopPlan.LooksInVain;

    /// <summary>A job does not run again.</summary>
    public void End()
    {
        if (Interlocked.Decrement(ref _left) == 0)
            _over.SetResult();
    }
}
