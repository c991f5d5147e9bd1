namespace Jobs.Bench.Workloads.Shop;

/// <summary>What happens on a day of the shop, decided beforehand, so that it is known how each job has to end.</summary>
sealed record ShopPlan(int Orders, int Letters)
{
    /// <summary>How often a stock job looks in vain before the goods are there.</summary>
    public const int LooksInVain = 2;

    public int Reports => Math.Max(1, Orders / 500);

    /// <summary>Whether the payment provider does not answer at the first attempt.</summary>
    public static bool PaymentFailsOnce(int order) => order % 20 == 0;

    /// <summary>Whether the payment is refused, so that the order's job cancels itself.</summary>
    public static bool IsRefused(int order) => order % 50 == 7;

    public static bool IsReminded(int order) => order % 10 == 3 && !IsRefused(order);

    public static bool IsOutOfStock(int order) => order % 25 == 4 && !IsRefused(order);

    /// <summary>Whether the letter cannot be delivered, ever.</summary>
    public static bool Bounces(int letter) => letter % 100 == 0;

    public static bool MailboxIsBusyOnce(int letter) => letter % 40 == 1;

    public int Bounced => Enumerable.Range(0, Letters).Count(Bounces);

    /// <summary>How many jobs end.</summary>
    public int Ends => Ending().Values.Sum();

    /// <summary>How many rows there have to be of each worker, with which state, after how many runs.</summary>
    public IReadOnlyDictionary<(string Worker, string State, long Runs), int> Ending()
    {
        var orders = Enumerable.Range(0, Orders).ToList();
        var accepted = orders.Where(static order => !IsRefused(order)).ToList();
        return new List<(string Worker, string State, long Runs)>(
        [
            .. orders.Select(static order => (OrderWorker.WorkerName, IsRefused(order) ? "cancelled" : "completed", PaymentFailsOnce(order) ? 2L : 1L)),
            .. accepted.Select(static _ => (MailWorker.WorkerName, "completed", 1L)),
            .. accepted.Where(IsReminded).Select(static _ => (MailWorker.WorkerName, "completed", 1L)),
            .. accepted.Where(IsOutOfStock).Select(static _ => (StockWorker.WorkerName, "completed", LooksInVain + 1L)),
            .. Enumerable.Range(0, Letters).Select(static letter => (MailingWorker.WorkerName, Bounces(letter) ? "discarded" : "completed", MailboxIsBusyOnce(letter) ? 2L : 1L)),
            (MailingWorker.WorkerName, "completed", 1L),
            .. Enumerable.Range(0, Reports).Select(static _ => (ReportWorker.WorkerName, "completed", 1L)),
        ]).CountBy(static row => row).ToDictionary();
    }
}
