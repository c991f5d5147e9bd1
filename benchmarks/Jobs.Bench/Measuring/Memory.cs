using System.Globalization;

namespace Jobs.Bench.Measuring;

/// <summary>The resident memory of this process, as Linux counts it; unknown elsewhere.</summary>
static class Memory
{
    /// <summary>Gives back what can be, and lets the peak start anew.</summary>
    /// <returns>What is resident now, in bytes.</returns>
    public static long? Start()
    {
        GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
        GC.WaitForPendingFinalizers();
        if (!OperatingSystem.IsLinux())
            return null;
        try
        {
            File.WriteAllText("/proc/self/clear_refs", "5");
            return Read("VmRSS:");
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>The most that was resident since <see cref="Start"/>, in bytes.</summary>
    public static long? Peak() => OperatingSystem.IsLinux() ? Read("VmHWM:") : null;

    static long Read(string name)
    {
        var line = File.ReadLines("/proc/self/status").First(line => line.StartsWith(name, StringComparison.Ordinal));
        return 1024 * long.Parse(line[name.Length..].Replace("kB", "", StringComparison.Ordinal), NumberStyles.AllowLeadingWhite | NumberStyles.AllowTrailingWhite, CultureInfo.InvariantCulture);
    }
}
