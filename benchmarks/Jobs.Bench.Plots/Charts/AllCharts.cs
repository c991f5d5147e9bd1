using Jobs.Bench.Results;

namespace Jobs.Bench.Plots.Charts;

/// <summary>A chart of each workload that there are runs of.</summary>
static class AllCharts
{
    public static IReadOnlyList<Chart> Of(IReadOnlyList<Run> runs)
    {
        var samples = Sample.Of(runs);
        var charts = new[]
        {
            DrainCharts.Rate(samples),
            DrainCharts.Wal(samples),
            EnqueueCharts.Insert(samples),
            EnqueueCharts.Bulk(samples),
            EnqueueCharts.Unique(samples),
            TimeCharts.Latency(samples),
            ComparedDrainCharts.History(samples),
            ComparedDrainCharts.Batch(samples),
            ComparedDrainCharts.Scheduled(samples),
            ComparedDrainCharts.Prune(samples),
            TimeCharts.Mixed(samples),
            TimeCharts.Startup(samples),
            MemoryChart.Of(samples),
        };
        return [.. charts.OfType<Chart>()];
    }
}
