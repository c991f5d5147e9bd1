using System.Diagnostics;
using System.Reflection;

namespace Jobs.Bench.Peers;

/// <summary>Hangfire with Hangfire.PostgreSql, by <c>benchmarks/Jobs.Bench.Hangfire</c>.</summary>
sealed record Hangfire() : Peer("Hangfire")
{
    // Beside the folder of this program, built in the same configuration.
    static readonly string Program = Path.GetFullPath(
        Path.Combine("..", "..", "Jobs.Bench.Hangfire", new DirectoryInfo(AppContext.BaseDirectory).Name, "Jobs.Bench.Hangfire"), AppContext.BaseDirectory);

    public override string Version => $"{VersionOf("Hangfire.Core")}, PostgreSql {VersionOf("Hangfire.PostgreSql")}";

    public override IReadOnlyList<int> NodeCounts => [1];

    public override int ShareOf(int jobs) => Math.Max(1, jobs / 20);

    public override ProcessStartInfo Describe(string mode, string database)
    {
        var start = new ProcessStartInfo(Program, [mode]);
        start.Environment["ConnectionStrings__Jobs"] = database;
        return start;
    }

    protected override string StoredSql => "SELECT count(*) FROM hangfire.job";

    protected override string CompletedSql =>
        """
        SELECT count(*)
        FROM hangfire.job AS j
        WHERE statename = 'Succeeded'
            AND (SELECT count(*) FROM hangfire.state AS s WHERE s.jobid = j.id AND s.name = 'Processing') = 1
            AND NOT EXISTS (SELECT FROM hangfire.jobqueue AS q WHERE q.jobid = j.id)
        """;

    static string VersionOf(string assembly)
    {
        var path = Path.Combine(Path.GetDirectoryName(Program)!, $"{assembly}.dll");
        if (!File.Exists(path))
            throw new BenchException($"Hangfire is not built: there is no {path}. ./bench peers in the root builds it.");
        var version = AssemblyName.GetAssemblyName(path).Version!;
        return $"{version.Major}.{version.Minor}.{version.Build}";
    }
}
