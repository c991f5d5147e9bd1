using System.Globalization;

namespace Jobs.Bench.Hangfire;

/// <summary>How the program talks with the bench: benchmarks/README.md has the whole of it.</summary>
static class Protocol
{
    /// <param name="happened">Its name.</param>
    /// <param name="count">How often, or of how many jobs.</param>
    /// <param name="timestamp">Of <see cref="System.Diagnostics.Stopwatch"/>; on Linux, that is nanoseconds of CLOCK_MONOTONIC, which all processes share.</param>
    public static void Say(string happened, int count, long timestamp) =>
        Console.Out.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{happened} {count} {timestamp}"));

    public static int Variable(string name, int otherwise) =>
        int.TryParse(Environment.GetEnvironmentVariable(name), NumberStyles.None, CultureInfo.InvariantCulture, out var value) && value > 0 ? value : otherwise;
}
