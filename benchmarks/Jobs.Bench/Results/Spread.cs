namespace Jobs.Bench.Results;

/// <summary>Several values of one thing: the one in the middle, and how far the others are from it.</summary>
sealed record Spread(double Median, double Least, double Most, int Count)
{
    /// <param name="values">One at least.</param>
    public static Spread Of(IEnumerable<double> values)
    {
        var sorted = values.Order().ToArray();
        return new Spread((sorted[(sorted.Length - 1) / 2] + sorted[sorted.Length / 2]) / 2, sorted[0], sorted[^1], sorted.Length);
    }
}
