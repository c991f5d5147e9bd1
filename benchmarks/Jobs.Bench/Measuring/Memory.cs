using System.Globalization;

namespace Jobs.Bench.Measuring;

/// <summary>The resident memory of a process, in bytes, as Linux counts it; unknown elsewhere.</summary>
static class Memory
{
    /// <summary>Gives back what can be, and lets the peak of this process start anew.</summary>
    /// <returns>What is resident now.</returns>
    public static long? Start()
    {
        GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
        GC.WaitForPendingFinalizers();
        if (!OperatingSystem.IsLinux())
            return null;
        try
        {
            File.WriteAllText("/proc/self/clear_refs", "5");
            return ResidentOf(Environment.ProcessId);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>The most of this process that was resident since <see cref="Start"/>.</summary>
    public static long? Peak() => PeakOf(Environment.ProcessId);

    public static long? ResidentOf(int pid) => Read(pid, "VmRSS:");

    /// <summary>The most that was resident since the process began.</summary>
    public static long? PeakOf(int pid) => Read(pid, "VmHWM:");

    static long? Read(int pid, string name)
    {
        if (!OperatingSystem.IsLinux())
            return null;
        var line = File.ReadLines(string.Create(CultureInfo.InvariantCulture, $"/proc/{pid}/status")).First(line => line.StartsWith(name, StringComparison.Ordinal));
        return 1024 * long.Parse(line[name.Length..].Replace("kB", "", StringComparison.Ordinal), NumberStyles.AllowLeadingWhite | NumberStyles.AllowTrailingWhite, CultureInfo.InvariantCulture);
    }
}
