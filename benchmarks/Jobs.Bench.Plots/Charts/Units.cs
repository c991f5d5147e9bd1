namespace Jobs.Bench.Plots.Charts;

/// <summary>What stands below a title.</summary>
static class Units
{
    public const string Milliseconds = "milliseconds, median of the runs (least–most); less is better";

    public static string Rate(string reference, Sample? sample) => $"jobs/s, median (least–most); more is better{PartOf(reference, sample)}";

    public static string PartOf(string reference, object? value) => value is null ? "" : $"; after the dot, its part of the {reference}";
}
