namespace Jobs.Bench.Plots.Charts;

/// <summary>Storing jobs, beside what PostgreSQL itself can do with their rows.</summary>
static class EnqueueCharts
{
    public static Chart? Insert(IReadOnlyList<Sample> samples) => Beside(
        samples, "insert", "insert: jobs are enqueued one by one, each call a durable transaction", "insert", "pgbench insert",
        static sample => sample.Role switch
        {
            Role.Limit => $"limit: pgbench's inserts, {Words.Count(sample.Run.Clients ?? 1, "client")}, no NOTIFY",
            Role.Peer => sample.Run.Peer!,
            _ => $"Jobs, {Words.Count(sample.Run.Clients ?? 1, "caller")}",
        });

    public static Chart? Bulk(IReadOnlyList<Sample> samples) => Beside(
        samples, "bulk", "bulk: jobs are enqueued in one call, one transaction", "bulk", "psql \\copy",
        static sample => sample.Role switch
        {
            Role.Limit => "limit: psql's \\copy of the rows",
            Role.Peer => sample.Run.Peer!,
            _ => "Jobs, one batch",
        });

    public static Chart? Unique(IReadOnlyList<Sample> samples)
    {
        var unique = samples.Where(static sample => sample.Run is { Workload: "unique", Peer: null }).ToList();
        var groups = unique
            .GroupBy(static sample => sample.Run.Clients)
            .Select(same => (Clients: same.Key, Jobs: Samples.CommonSize(same), Samples: same))
            .Select(static same => (same.Clients, same.Jobs, Samples: same.Samples.Where(sample => sample.Jobs == same.Jobs).ToList()))
            .Select(static same => (same.Clients, same.Jobs, same.Samples, Without: same.Samples.Find(static sample => sample.Run.Uniqueness == NotUnique)))
            .Select(static same => new Group(
                $"{Words.Count(same.Jobs, "job")}, {(same.Clients is { } callers ? $"one by one, {Words.Count(callers, "caller")}" : "in one call")}",
                [.. same.Samples.Select(sample => new Row(sample.Run.Uniqueness!, [sample.Bar(static run => run.JobsPerSecond)! with { Role = sample == same.Without ? Role.Without : Role.Jobs }]))],
                same.Without?.Rate))
            .ToList();
        return groups.Count == 0 ? null : new Chart(
            "unique", "unique: unique jobs are enqueued, beside jobs that are not unique", Units.Rate("grey bar", unique.Find(static sample => sample.Run.Uniqueness == NotUnique)), "N0", groups);
    }

    const string NotUnique = "not unique";

    // A group per number of jobs. A peer with fewer jobs than any group stands in the last group that has other peers.
    static Chart? Beside(IReadOnlyList<Sample> samples, string name, string title, string workload, string limitName, Func<Sample, string> describe)
    {
        var own = samples.Where(sample => sample.Run.Workload == workload && !sample.IsOfPeer).ToList();
        var limits = samples.Where(sample => sample.Run.Workload == limitName).ToList();
        var peers = samples.Where(sample => sample.Run.Workload == workload && sample.IsOfPeer).ToList();
        var sizes = own.Concat(limits).Select(static sample => sample.Jobs).Distinct().Order().ToList();
        if (sizes.Count == 0 && peers.Count > 0)
            sizes = [Samples.CommonSize(peers)];
        if (sizes.Count == 0)
            return null;

        var sizeOfOthers = sizes.Where(size => peers.Any(peer => peer.Jobs == size)).DefaultIfEmpty(sizes[^1]).Last();
        var others = Samples.OfEachKind(peers.Where(peer => !peers.Any(same => same.Run.Kind == peer.Run.Kind && sizes.Contains(same.Jobs)))).ToList();
        var groups = sizes.Select(size => Group(
            size,
            limits.Where(limit => limit.Jobs == size).MaxBy(static limit => limit.Rate),
            [.. own.Where(sample => sample.Jobs == size).OrderBy(static sample => sample.Run.Clients)],
            peers.Where(peer => peer.Jobs == size).Concat(size == sizeOfOthers ? others : []).OrderByDescending(static peer => peer.Rate)));
        return new Chart(name, title, Units.Rate("limit", limits.FirstOrDefault()), "N0", [.. groups]);

        Group Group(int size, Sample? limit, IEnumerable<Sample> jobs, IEnumerable<Sample> rest) => new(
            Words.Count(size, "job"),
            [.. new[] { limit }.OfType<Sample>().Concat(jobs).Concat(rest).Select(sample => sample.Row(describe(sample) + Samples.OtherSize(sample, size)))],
            limit?.Rate);
    }
}
