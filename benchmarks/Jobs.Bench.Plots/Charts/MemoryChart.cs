namespace Jobs.Bench.Plots.Charts;

/// <summary>What a node needs when it has nothing to do, and at most in a drain.</summary>
static class MemoryChart
{
    public static Chart? Of(IReadOnlyList<Sample> samples)
    {
        var idle = Samples.OfEachKind(samples.Where(static sample => sample.Run is { Workload: "idle", IdleMemoryBytes: not null } && (sample.IsOfPeer || sample.Run.Runtime is not null))).ToList();
        var drains = DrainCharts.OnOneNode(samples).Where(static sample => sample.Run.PeakMemoryBytes is not null).ToList();
        if (idle.Count == 0)
            return null;

        var rows = idle
            .OrderBy(static sample => sample.Role).ThenBy(static sample => sample.Run.IdleMemoryBytes)
            .Select(sample => new Row(
                NameOf(sample),
                [
                    .. new[]
                    {
                        sample.Bar(static run => run.IdleMemoryBytes / 1e6, "idle"),
                        drains.Find(drain => NameOf(drain) == NameOf(sample))?.Bar(static run => run.PeakMemoryBytes / 1e6, "peak in drain", 0.5),
                    }.OfType<Bar>(),
                ]));
        return new Chart(
            "memory", "memory: what a node's process has resident", "MB, median (least–most); less is better", "N0", [new Group(null, [.. rows])]);
    }

    static string NameOf(Sample sample) => sample.Run.Peer ?? $"Jobs, {sample.Run.Runtime}";
}
