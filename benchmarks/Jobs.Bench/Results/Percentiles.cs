namespace Jobs.Bench.Results;

/// <summary>How long a number of equal things took, in milliseconds.</summary>
/// <param name="Median">Half of them took no longer.</param>
/// <param name="NinetyFifth">95 of 100 took no longer.</param>
/// <param name="NinetyNinth">99 of 100 took no longer.</param>
/// <param name="Longest">None took longer.</param>
sealed record Percentiles(double Median, double NinetyFifth, double NinetyNinth, double Longest)
{
    public static Percentiles Of(IEnumerable<TimeSpan> times)
    {
        var sorted = times.Order().Select(static time => time.TotalMilliseconds).ToArray();
        return new Percentiles(At(sorted, 50), At(sorted, 95), At(sorted, 99), sorted[^1]);
    }

    static double At(double[] sorted, int percent) => sorted[(int)((long)(sorted.Length - 1) * percent / 100)];
}
