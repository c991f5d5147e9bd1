using System.Globalization;
using Jobs.Bench.Results;

namespace Jobs.Bench.Plots.Charts;

/// <summary>Drains beside the same without something: on the same nodes, of as many jobs.</summary>
static class ComparedDrainCharts
{
    public static Chart? History(IReadOnlyList<Sample> samples) => Compare(
        samples, "history", "history: {0} are worked off in a table that holds finished ones", static run => run.Workload == "history", IsPlain,
        static run => string.Create(CultureInfo.InvariantCulture, $"{run.FinishedRows ?? 0:N0} finished rows"));

    public static Chart? Batch(IReadOnlyList<Sample> samples) => Compare(
        samples, "batch", "batch: {0} are worked off as members of batches", static run => run is { Workload: "drain", Batches: > 0 }, IsPlain,
        static run => run.Batches switch
        {
            0 => "without a batch",
            1 => "one batch",
            _ => string.Create(CultureInfo.InvariantCulture, $"{run.Batches:N0} batches"),
        });

    public static Chart? Scheduled(IReadOnlyList<Sample> samples) => Compare(
        samples, "scheduled", "scheduled: {0} are due at once, staged, and worked off", static run => run.Workload == "scheduled", IsPlain,
        static run => run.Workload == "scheduled" ? "scheduled" : "never scheduled");

    public static Chart? Prune(IReadOnlyList<Sample> samples) => Compare(
        samples, "prune", "prune: {0} are worked off while finished rows are deleted", static run => run.Workload == "prune",
        static (kept, pruned) => kept.Workload == "history" && kept.FinishedRows == pruned.FinishedRows,
        static run => string.Create(CultureInfo.InvariantCulture, $"{run.FinishedRows:N0} finished rows {(run.Workload == "prune" ? "pruned" : "kept")}"));

    static bool IsPlain(Run without, Run _) => without is { Workload: "drain", Batches: 0 };

    static Chart? Compare(
        IReadOnlyList<Sample> samples, string name, string title, Func<Run, bool> isMeasured, Func<Run, Run, bool> isWithout, Func<Run, string> describe)
    {
        var pairs = samples
            .Where(sample => sample.IsOfNodes && isMeasured(sample.Run))
            .Select(measured => (Measured: measured, Without: samples.FirstOrDefault(other => IsSameBut(other, measured) && isWithout(other.Run, measured.Run))))
            .ToList();
        if (pairs.Count == 0)
            return null;

        var jobs = Samples.CommonSize(pairs.Where(pair => pair.Without is not null || pairs.All(static other => other.Without is null)).Select(static pair => pair.Measured));
        var groups = pairs
            .Where(pair => pair.Measured.Jobs == jobs)
            .OrderBy(static pair => pair.Measured.Role).ThenBy(static pair => pair.Measured.Run.Nodes).ThenBy(static pair => pair.Measured.Run.Concurrency)
            .GroupBy(static pair => (Nodes: DrainCharts.NameOfNodes(pair.Measured.Run), pair.Without))
            .Select(group => Group(group.Key.Nodes, group.Key.Without, [.. group.Select(static pair => pair.Measured)], describe))
            .ToList();
        return new Chart(
            name, string.Format(CultureInfo.InvariantCulture, title, Words.Count(jobs, "job")),
            Units.Rate("grey bar", pairs.Select(static pair => pair.Without).FirstOrDefault(static without => without is not null)), "N0", groups);
    }

    static Group Group(string nodes, Sample? without, IReadOnlyList<Sample> measured, Func<Run, string> describe)
    {
        List<Row> rows = [.. measured
            .OrderBy(static sample => sample.Run.FinishedRows).ThenBy(static sample => sample.Run.Batches)
            .Select(sample => sample.Row(describe(sample.Run)))];
        if (without is null)
            return new Group(nodes, rows);
        var inTurns = InTurns(without, measured);
        var bar = inTurns.Bar(static run => run.JobsPerSecond)! with { Role = Role.Without };
        return new Group(nodes, [new Row(describe(without.Run), [bar]), .. rows], inTurns.Rate);
    }

    // A plain drain is run beside many workloads, and on a busy machine only what was run in turns can be compared: of the plain ones those that
    // were the last before one that is measured.
    static Sample InTurns(Sample without, IReadOnlyList<Sample> measured)
    {
        var before = measured
            .SelectMany(static sample => sample.Runs)
            .Select(run => without.Runs.Where(plain => plain.EndedAt < run.EndedAt).MaxBy(static plain => plain.EndedAt))
            .OfType<Run>()
            .Distinct()
            .ToList();
        return before.Count == 0 ? without : new Sample(before);
    }

    static bool IsSameBut(Sample other, Sample measured) =>
        other.IsOfNodes && other.Jobs == measured.Jobs && other.Run.Runtime == measured.Run.Runtime && other.Run.Nodes == measured.Run.Nodes && other.Run.Concurrency == measured.Run.Concurrency;
}
