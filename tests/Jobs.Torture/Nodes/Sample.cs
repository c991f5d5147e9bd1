using System.Globalization;
using Jobs.Torture.Journals;

namespace Jobs.Torture.Nodes;

/// <summary>The sample as a node: it helps with mailings, and notes the addresses it would mail in files.</summary>
static class Sample
{
    public static Task<NodeProcess> StartAsync(string database, string folder, TimeSpan lease, TimeSpan delay) => NodeProcess.StartAsync(
        folder,
        [
            Path.Combine(AppContext.BaseDirectory, "email-blast"), "--work-only", "--dry-run",
            "--database", database,
            "--output", folder,
            "--lease-seconds", lease.TotalSeconds.ToString(CultureInfo.InvariantCulture),
            "--delay-ms", delay.TotalMilliseconds.ToString(CultureInfo.InvariantCulture),
        ]);

    /// <summary>What all processes have noted, as ends without a time. The messages to the admins name their batch.</summary>
    public static List<JournalLine> ReadNotes(string folder) =>
    [
        .. Directory.EnumerateFiles(folder, "dry-run-*.txt").Where(file => !IsOfAdmins(file)).SelectMany(File.ReadLines)
            .Select(address => new JournalLine(0, Moment.Ended, default, 0, address)),
        .. Directory.EnumerateFiles(folder, "dry-run-*.txt").Where(IsOfAdmins).SelectMany(File.ReadLines)
            .Select(subject => new JournalLine(0, Moment.Told, default, 0, subject.Split(' ')[1])),
    ];

    static bool IsOfAdmins(string file) => file.EndsWith("-admins.txt", StringComparison.Ordinal);
}
