using Jobs.Bench.Results;

namespace Jobs.Bench.Plots.Charts;

/// <summary>How long things take, by percentiles.</summary>
static class TimeCharts
{
    // With their share of the colour: the further out, the paler.
    static readonly (string Name, Func<Percentiles, double> Of, double Strength)[] Shown =
    [
        ("p50", static times => times.Median, 1),
        ("p95", static times => times.NinetyFifth, 0.6),
        ("p99", static times => times.NinetyNinth, 0.35),
    ];

    public static Chart? Latency(IReadOnlyList<Sample> samples) => Times(
        samples, "latency", "latency: from the call of an enqueue to the start of its job, on an idle node",
        static run => run.Peer ?? (run.Nodes == 1 ? "Jobs, enqueued by the node that works" : "Jobs, enqueued by another node"));

    public static Chart? Startup(IReadOnlyList<Sample> samples) => Times(
        samples, "startup", "startup: from the start of a node's process to the start of its first job", static run => run.Peer ?? $"Jobs, {run.Runtime}");

    public static Chart? Mixed(IReadOnlyList<Sample> samples)
    {
        var days = samples.Where(static sample => sample.Run is { Workload: "mixed", Peer: null, Waits: not null }).ToList();
        if (days.Count == 0)
            return null;
        var day = days.Find(sample => sample.Jobs == Samples.CommonSize(days))!;
        var rows = day.Run.Waits!.Select(wait => new Row(
            $"{wait.Kind}, {Words.Count(wait.Jobs, "job")}",
            [.. Shown.Select(shown => day.Bar(run => run.Waits?.FirstOrDefault(same => same.Kind == wait.Kind) is { } same ? shown.Of(same.Milliseconds) : null, shown.Name, shown.Strength)).OfType<Bar>()]));
        return new Chart(
            "mixed", $"mixed: how long the {Words.Count(day.Jobs, "job")} of a shop's day waited", Units.Milliseconds, "N1", [new Group(null, [.. rows])]);
    }

    static Chart? Times(IReadOnlyList<Sample> samples, string workload, string title, Func<Run, string> describe)
    {
        var rows = Samples.OfEachKind(samples.Where(sample => sample.Run.Workload == workload && sample.Runs.Any(static run => run.Milliseconds is not null) && (sample.IsOfPeer || workload != "startup" || sample.Run.Runtime is not null)))
            .Select(sample => (Sample: sample, Bars: Shown.Select(shown => sample.Bar(run => run.Milliseconds is { } times ? shown.Of(times) : null, shown.Name, shown.Strength)).OfType<Bar>().ToList()))
            .Where(static row => row.Bars.Count > 0)
            .OrderBy(static row => row.Sample.Role).ThenBy(static row => row.Bars[0].Spread.Median)
            .Select(row => new Row(describe(row.Sample.Run), row.Bars))
            .ToList();
        return rows.Count == 0 ? null : new Chart(workload, title, Units.Milliseconds, workload == "startup" ? "N0" : "0.0", [new Group(null, rows)]);
    }
}
