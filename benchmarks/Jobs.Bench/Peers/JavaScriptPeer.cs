using System.Diagnostics;
using System.Text.Json;
using Npgsql;

namespace Jobs.Bench.Peers;

/// <summary>A peer of <c>benchmarks/peers</c>, on the Node.js that is installed there.</summary>
abstract record JavaScriptPeer(string Name) : Peer(Name)
{
    static readonly string Folder = Path.Combine("benchmarks", "peers");
    static readonly string Packages = Path.Combine(Folder, "node_modules");

    public override string Version => $"{VersionOf(Name)}, Node.js {VersionOf("node")}";

    // A process of Node.js runs JavaScript on one core.
    public override IReadOnlyList<int> NodeCounts => [1, 2];

    public override ProcessStartInfo Describe(string mode, string database)
    {
        var start = new ProcessStartInfo(Path.Combine(Packages, "node", "bin", "node"), [Path.Combine(Folder, "main.js"), Name, mode]);
        start.Environment["DATABASE_URL"] = UrlOf(new NpgsqlConnectionStringBuilder(database));
        return start;
    }

    static string VersionOf(string package)
    {
        var description = Path.Combine(Packages, package, "package.json");
        if (!File.Exists(description))
            throw new BenchException($"{package} is not installed: there is no {description}. ./bench peers in the root installs it.");
        using var json = JsonDocument.Parse(File.ReadAllBytes(description));
        return json.RootElement.GetProperty("version").GetString()!;
    }

    static string UrlOf(NpgsqlConnectionStringBuilder settings)
    {
        var user = $"{Uri.EscapeDataString(settings.Username ?? "")}:{Uri.EscapeDataString(settings.Password ?? "")}";
        var name = Uri.EscapeDataString(settings.Database ?? "");
        // A path is that of the server's Unix socket.
        return settings.Host is ['/', ..]
            ? $"postgres://{user}@/{name}?host={Uri.EscapeDataString(settings.Host)}&port={settings.Port}"
            : $"postgres://{user}@{settings.Host}:{settings.Port}/{name}";
    }
}

sealed record GraphileWorker() : JavaScriptPeer("graphile-worker")
{
    protected override bool KeepsFinished => false;

    protected override string StoredSql => "SELECT count(*) FROM graphile_worker._private_jobs";

    // None is left of which the tables could say it.
    protected override string CompletedSql => StoredSql;
}

/// <param name="Notifies">Whether its workers are told of a job, which takes from the rate of single inserts what it gives to latency.</param>
sealed record PgBoss(bool Notifies = true) : JavaScriptPeer("pg-boss")
{
    public override string Version => Notifies ? base.Version : $"{base.Version}, without NOTIFY";

    public override IReadOnlyList<Peer> ForInserts => [this, this with { Notifies = false }];

    public override ProcessStartInfo Describe(string mode, string database)
    {
        var start = base.Describe(mode, database);
        start.Environment["JOBS_BENCH_NOTIFY"] = Notifies ? "1" : "0";
        return start;
    }

    protected override string StoredSql => "SELECT count(*) FROM pgboss.job";

    protected override string CompletedSql => "SELECT count(*) FROM pgboss.job WHERE state = 'completed' AND retry_count = 0";
}
