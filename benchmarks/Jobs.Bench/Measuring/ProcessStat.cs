using System.Globalization;
using System.Runtime.Versioning;

namespace Jobs.Bench.Measuring;

/// <summary>A process's line in Linux's /proc.</summary>
/// <param name="Parent">Its parent.</param>
/// <param name="Own">CPU time of the process.</param>
/// <param name="Ended">CPU time of those of its children that have ended, and of theirs.</param>
readonly record struct ProcessStat(int Parent, TimeSpan Own, TimeSpan Ended)
{
    // The unit of the kernel's figures, the same on every Linux that .NET runs on.
    const int TicksPerSecond = 100;

    [SupportedOSPlatform("linux")]
    public static ProcessStat? TryRead(int pid)
    {
        try
        {
            // The name, in parentheses, may hold anything.
            var line = File.ReadAllText(string.Create(CultureInfo.InvariantCulture, $"/proc/{pid}/stat"));
            var fields = line[(line.LastIndexOf(')') + 2)..].Split(' ');
            return new ProcessStat(int.Parse(fields[1], CultureInfo.InvariantCulture), Time(fields[11], fields[12]), Time(fields[13], fields[14]));
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>CPU time of a process and all its children.</summary>
    [SupportedOSPlatform("linux")]
    public static TimeSpan? OfFamily(int pid)
    {
        if (TryRead(pid) is not { } parent)
            return null;

        var living = Directory.EnumerateDirectories("/proc")
            .Select(folder => int.TryParse(Path.GetFileName(folder), NumberStyles.None, CultureInfo.InvariantCulture, out var id) ? TryRead(id) : null)
            .Where(stat => stat?.Parent == pid)
            .Aggregate(TimeSpan.Zero, (sum, stat) => sum + stat!.Value.Own + stat.Value.Ended);
        return parent.Own + parent.Ended + living;
    }

    static TimeSpan Time(string user, string system) => TimeSpan.FromSeconds(
        (double)(long.Parse(user, CultureInfo.InvariantCulture) + long.Parse(system, CultureInfo.InvariantCulture)) / TicksPerSecond);
}
