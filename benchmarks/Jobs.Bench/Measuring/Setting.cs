using System.Globalization;
using System.Runtime;
using System.Runtime.InteropServices;
using Npgsql;

namespace Jobs.Bench.Measuring;

/// <summary>Where a run was made: what has to be the same before two of them can be compared.</summary>
sealed record Setting
{
    const string CommitVariable = "JOBS_BENCH_COMMIT";

    static readonly string[] Told =
    [
        "shared_buffers", "fsync", "synchronous_commit", "full_page_writes", "wal_level", "max_wal_size", "checkpoint_timeout", "wal_sync_method",
        "autovacuum", "jit", "max_connections",
    ];

    /// <summary>The commit of the sources, with a plus sign where they were changed after it; none outside of a clone.</summary>
    public string? Commit { get; init; }
    public required string Processor { get; init; }
    public required int Cores { get; init; }
    public required long MemoryBytes { get; init; }
    public required string System { get; init; }
    public required string Runtime { get; init; }
    public required bool ServerGc { get; init; }
    public required string Postgres { get; init; }
    public required Dictionary<string, string> Settings { get; init; }

    public static async Task<Setting> ReadAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand("SELECT name, current_setting(name) FROM pg_settings WHERE name = ANY ($1) ORDER BY name", connection) { Parameters = { new() { Value = Told } } };
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        var settings = new Dictionary<string, string>(StringComparer.Ordinal);
        while (await reader.ReadAsync(cancellationToken))
            settings.Add(reader.GetString(0), reader.GetString(1));
        return new Setting
        {
            Commit = Environment.GetEnvironmentVariable(CommitVariable) is { Length: > 0 } commit ? commit : null,
            Processor = ReadProcessor() ?? RuntimeInformation.ProcessArchitecture.ToString(),
            Cores = Environment.ProcessorCount,
            MemoryBytes = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes,
            System = RuntimeInformation.OSDescription,
            Runtime = RuntimeInformation.FrameworkDescription,
            ServerGc = GCSettings.IsServerGC,
            Postgres = connection.PostgreSqlVersion.ToString(),
            Settings = settings,
        };
    }

    public string Describe() => string.Create(CultureInfo.InvariantCulture,
        $"{Cores} × {Processor}, {MemoryBytes / (1 << 30)} GiB; {Runtime}, {(ServerGc ? "server" : "workstation")} GC; PostgreSQL {Postgres}, " +
        $"{string.Join(", ", Settings.Where(setting => setting.Key is "fsync" or "shared_buffers" or "synchronous_commit").Select(setting => $"{setting.Key}={setting.Value}"))}");

    static string? ReadProcessor()
    {
        const string info = "/proc/cpuinfo";
        return File.Exists(info)
            ? File.ReadLines(info).FirstOrDefault(line => line.StartsWith("model name", StringComparison.Ordinal))?.Split(':', 2)[1].Trim()
            : null;
    }
}
