namespace Jobs.Bench.Plots.Charts;

/// <summary>Which runs stand side by side.</summary>
static class Samples
{
    /// <summary>Of several numbers of jobs the one of which most kinds were measured, then that of most runs, then the largest.</summary>
    /// <param name="samples">One at least.</param>
    public static int CommonSize(IEnumerable<Sample> samples) => samples
        .GroupBy(static sample => sample.Jobs)
        .OrderByDescending(static size => size.Count())
        .ThenByDescending(static size => size.Sum(static sample => sample.Runs.Count))
        .ThenByDescending(static size => size.Key)
        .First().Key;

    /// <summary>Of each kind one sample: that of a number of jobs if there is one, else that of most runs, then of most jobs.</summary>
    public static IEnumerable<Sample> OfEachKind(IEnumerable<Sample> samples, int? jobs = null) => samples
        .GroupBy(static sample => sample.Run.Kind)
        .Select(kind => kind
            .OrderByDescending(sample => sample.Jobs == jobs)
            .ThenByDescending(static sample => sample.Runs.Count)
            .ThenByDescending(static sample => sample.Jobs)
            .First());

    /// <summary>What is said of a sample that has another number of jobs than those around it.</summary>
    public static string OtherSize(Sample sample, int jobs) => sample.Jobs == jobs ? "" : $", {Words.Count(sample.Jobs, "job")}";

    /// <summary>The fastest first.</summary>
    public static IEnumerable<Sample> Peers(IEnumerable<Sample> samples, string workload, int? jobs = null) =>
        OfEachKind(samples.Where(sample => sample.IsOfPeer && sample.Run.Workload == workload), jobs).OrderByDescending(static sample => sample.Rate);
}
