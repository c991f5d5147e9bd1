using System.Globalization;
using Jobs.Bench.Results;

namespace Jobs.Bench.Plots.Charts;

/// <summary>Jobs that do nothing, beside what PostgreSQL itself can do with them.</summary>
static class DrainCharts
{
    public static Chart? Rate(IReadOnlyList<Sample> samples)
    {
        var (jobs, limit, own, peers) = Drains(samples);
        if (own.Count + peers.Count == 0 && limit is null)
            return null;
        List<Row> rows =
        [
            .. new[] { limit }.OfType<Sample>().Select(best => best.Row(NameOfLimit(best) + Samples.OtherSize(best, jobs))),
            .. own.Select(static sample => sample.Row(NameOfNodes(sample.Run))),
            .. peers.Select(peer => peer.Row(NameOfPeer(peer.Run) + Samples.OtherSize(peer, jobs))),
        ];
        return new Chart("drain", $"drain: {Words.Count(jobs, "stored job")} that do nothing are worked off", Units.Rate("limit", limit), "N0", [new Group(null, rows, limit?.Rate)]);
    }

    public static Chart? Wal(IReadOnlyList<Sample> samples)
    {
        var (jobs, limit, _, _) = Drains(samples);
        List<Row> rows = [.. new[] { limit }.OfType<Sample>().Select(best => new { Label = NameOfLimit(best), Sample = best })
            .Concat(OnOneNode(samples).Select(sample => new { Label = sample.IsOfPeer ? NameOfPeer(sample.Run) : NameOfNodes(sample.Run), Sample = sample }))
            .Select(entry => (entry.Label, entry.Sample.Jobs, Bar: entry.Sample.Bar(static run => run.WalBytesPerJob)))
            .Where(static entry => entry.Bar is not null)
            .Select(entry => new Row(entry.Label + (entry.Jobs == jobs ? "" : $", {Words.Count(entry.Jobs, "job")}"), [entry.Bar!]))];
        return rows.Count == 0 ? null : new Chart(
            "wal", $"WAL that PostgreSQL writes in drain, {Words.Count(jobs, "job")}", $"bytes a job, median (least–most); less is better{Units.PartOf("limit", limit)}", "N0",
            [new Group(null, rows, limit?.Bar(static run => run.WalBytesPerJob)?.Spread.Median)]);
    }

    /// <summary>Of each runtime, and of each peer, the fastest on one node.</summary>
    public static IEnumerable<Sample> OnOneNode(IReadOnlyList<Sample> samples)
    {
        var (_, _, own, peers) = Drains(samples);
        return own.Concat(peers)
            .Where(static sample => sample.Run.Nodes == 1)
            .GroupBy(static sample => sample.Run.Peer ?? sample.Run.Runtime)
            .Select(static same => same.MaxBy(static sample => sample.Rate)!);
    }

    /// <summary>As in <c>JIT, 2 nodes, concurrency 10</c>.</summary>
    public static string NameOfNodes(Run run) => $"{run.Runtime}, {Words.Count(run.Nodes!.Value, "node")}, concurrency {run.Concurrency}";

    static string NameOfPeer(Run run) => run.Nodes > 1 ? $"{run.Peer}, {Words.Count(run.Nodes.Value, "node")}" : run.Peer!;

    static string NameOfLimit(Sample limit) => string.Create(
        CultureInfo.InvariantCulture, $"limit: {limit.Run.JobsPerStatement:N0} a statement, {Words.Count(limit.Run.Clients ?? 1, "client")}");

    static (int Jobs, Sample? Limit, IReadOnlyList<Sample> Own, IReadOnlyList<Sample> Peers) Drains(IReadOnlyList<Sample> samples)
    {
        var nodes = samples.Where(static sample => sample.IsOfNodes && sample.Run is { Workload: "drain", Batches: 0 }).ToList();
        var limits = samples.Where(static sample => sample.Run is { Workload: "limit", Batches: 0 }).ToList();
        List<Sample> peers = [.. Samples.Peers(samples, "drain")];
        var sized = nodes.Count > 0 ? nodes : limits.Count > 0 ? limits : peers;
        if (sized.Count == 0)
            return (0, null, [], []);

        var jobs = Samples.CommonSize(sized);
        return (
            jobs,
            Samples.OfEachKind(limits, jobs).OrderByDescending(limit => limit.Jobs == jobs).ThenByDescending(static limit => limit.Rate).FirstOrDefault(),
            [.. nodes.Where(sample => sample.Jobs == jobs)
                .OrderBy(static sample => sample.Role).ThenBy(static sample => sample.Run.Nodes).ThenBy(static sample => sample.Run.Concurrency)],
            [.. Samples.Peers(samples, "drain", jobs)]);
    }
}
