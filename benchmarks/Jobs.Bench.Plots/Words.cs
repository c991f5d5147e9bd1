using System.Globalization;

namespace Jobs.Bench.Plots;

/// <summary>Numbers in sentences.</summary>
static class Words
{
    /// <summary>As in <c>1 job</c> and <c>20,000 jobs</c>.</summary>
    public static string Count(int count, string noun) => string.Create(CultureInfo.InvariantCulture, $"{count:N0} {noun}{(count == 1 ? "" : "s")}");

    /// <summary>As in <c>27 November 2026</c>.</summary>
    public static string Day(DateTimeOffset day) => day.ToString("d MMMM yyyy", CultureInfo.InvariantCulture);
}
