namespace Jobs.Bench.Workloads.Shop;

public sealed record Report(int Number);

/// <summary>Takes its time.</summary>
[Worker(Name = WorkerName, Queue = "reports")]
sealed partial class ReportWorker(ShopDay day)
{
    public const string WorkerName = "shop.report";

    [Perform]
    public async Task WriteAsync(Report report, CancellationToken cancellationToken)
    {
        day.Reports.Begin(report.Number);
        await Task.Delay(TimeSpan.FromMilliseconds(200), cancellationToken);
        day.End();
    }
}
