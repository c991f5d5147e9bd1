using Jobs.Bench.Measuring;
using Jobs.Bench.Results;

namespace Jobs.Bench.Plots.Tests;

/// <summary>Runs as the workloads write them, with a rate.</summary>
static class Runs
{
    static readonly Setting Here = new()
    {
        Commit = "1234567",
        Processor = "a processor",
        Cores = 2,
        MemoryBytes = 1L << 30,
        System = "a system",
        Runtime = ".NET 10",
        ServerGc = false,
        Postgres = "15.0",
        Settings = new() { ["fsync"] = "on" },
    };

    public static Run Drain(double rate, int jobs = 1_000) => new()
    {
        Workload = "drain",
        Jobs = jobs,
        Nodes = 1,
        Concurrency = 100,
        Runtime = "JIT",
        Seconds = jobs / rate,
        Setting = Here,
    };

    public static Run Limit(double rate, int jobsPerStatement, int clients) => new()
    {
        Workload = "limit",
        Jobs = 1_000,
        JobsPerStatement = jobsPerStatement,
        Clients = clients,
        Seconds = 1_000 / rate,
        Setting = Here,
    };

    public static Run OfPeer(string peer, double rate, int jobs = 1_000) => new()
    {
        Workload = "drain",
        Peer = peer,
        Jobs = jobs,
        Nodes = 1,
        Seconds = jobs / rate,
        Setting = Here,
    };
}
